import { createLegacyEvent, type LegacyEvent, type LegacyValue } from '@exoarmur/canonical/legacy-python';
import { describe, expect, it } from 'vitest';
import { eventsOf, readVectors } from '../test/legacy-vectors.ts';
import { EventReplay, replayEventStream } from './event-replay.ts';
import { IdSet } from './id-set.ts';
import { ReplayEngine } from './replay-engine.ts';
import { formatReplayReport } from './replay-report.ts';

function event(sequence: number | null, changes: Partial<LegacyEvent> = {}, type = 'belief_created'): LegacyEvent {
  const id = changes.event_id ?? `e${sequence}`;
  const ref = new Map<string, LegacyValue>([
    ['belief_id', 'b'],
    ['verdict', 'allow'],
    ['approval_id', 'ap'],
  ]);
  const payload = new Map<string, LegacyValue>([
    ['kind', 'inline'],
    ['ref', ref],
  ]);
  const fields = new Map<string, LegacyValue>([
    ['event_id', id],
    ['event_type', type],
    ['actor', 'system'],
    ['correlation_id', 'c'],
    ['payload', payload],
    ['payload_hash', ''],
    ['sequence_number', sequence === null ? null : BigInt(sequence)],
  ]);
  return { ...createLegacyEvent(fields), ...changes };
}

function replay(...events: readonly LegacyEvent[]) {
  const replaying = new EventReplay('c');
  for (const each of events) replaying.add(each);
  return replaying.finish();
}

describe('a trail that comes event by event', () => {
  it('gets the report of the engine', async () => {
    const trail = [event(0), event(1, {}, 'safety_gate_evaluated'), event(2), event(3, {}, 'approval_requested')];
    const engine = new ReplayEngine({ auditStore: new Map([['c', trail]]) });
    const expected = formatReplayReport(engine.replayCorrelation('c'));
    expect(formatReplayReport(replay(...trail))).toBe(expected);
    async function* source() {
      yield* trail;
    }
    expect(formatReplayReport(await replayEventStream('c', source()))).toBe(expected);
  });

  it('gets the report of the engine for every recorded vector that is in order and does not fail', () => {
    interface Vector {
      readonly name: string;
      readonly correlation_id: string;
      readonly events_json: string;
      readonly intents?: unknown;
    }
    let compared = 0;
    for (const vector of readVectors<readonly Vector[]>('replay-reports')) {
      const events = eventsOf(vector.events_json).map((each, i) => ({ ...each, sequence_number: BigInt(i) }));
      if (vector.intents !== undefined) continue;
      const engine = new ReplayEngine({ auditStore: new Map([[vector.correlation_id, events]]) });
      const report = engine.replayCorrelation(vector.correlation_id);
      const replaying = new EventReplay(vector.correlation_id);
      for (const each of events) replaying.add(each);
      const streamed = replaying.finish();
      expect([vector.name, streamed.result]).toEqual([vector.name, report.result]);
      if (report.result !== 'success') continue;
      expect(formatReplayReport(streamed)).toBe(formatReplayReport(report));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(8);
  });

  it.each<[string, readonly LegacyEvent[], string]>([
    ['a number is missing', [event(0), event(2)], 'Sequence numbers are missing between 0 and 2'],
    ['a number is repeated', [event(0), event(0, { event_id: 'x' })], 'Event x comes after a later one: 0 after 0'],
    ['the order is another', [event(1), event(0)], 'Event e0 comes after a later one: 0 after 1'],
    ['there is no number', [event(null)], 'Event enull has no sequence number, which a stream of events is ordered by'],
    [
      'an id is repeated',
      [event(0), event(1, { event_id: 'e0' })],
      'Events with the same id and different content: e0',
    ],
    [
      'an event is of another correlation',
      [event(0, { correlation_id: 'x' })],
      'Event e0 belongs to another correlation: x',
    ],
    [
      'there are two tenants',
      [event(0, { tenant_id: 'a' }), event(1, { tenant_id: 'b' })],
      'Events of more than one tenant_id: a, b',
    ],
    [
      'a payload was altered',
      [event(0), event(1, { payload: 'x' }), event(2)],
      'Payload integrity check failed for event e1',
    ],
    ['a type is no text', [event(0, { event_type: 5n })], 'Event `e0` cannot be replayed: its type is no text'],
    ['nothing comes', [], 'No audit records found for correlation_id: c'],
  ])('fails when %s', (_, events, text) => {
    const report = replay(...events);
    expect(report.result).toBe('failure');
    expect(report.failures).toEqual([text]);
    expect(report.audit_integrity_verified).toBe(false);
  });

  it('lists a thousand failures and counts the others', () => {
    const report = replay(...Array.from({ length: 1005 }, (_, i) => event(i, { correlation_id: 'x' })));
    expect([report.failed_events, report.failures.length, report.failures.at(-1)]).toEqual([1005, 1001, 'and 5 more']);
  });

  it('consists of events', () => {
    expect(() => replay(null as unknown as LegacyEvent)).toThrow(
      expect.objectContaining({ code: 'REPLAY_EVENT_REQUIRED', pointer: '/0' }),
    );
  });
});

describe('a set of ids', () => {
  it('tells 200,000 similar texts apart and finds each again', () => {
    const set = new IdSet();
    const texts = Array.from({ length: 200_000 }, (_, i) => `event-${String(i).padStart(7, '0')}`);
    expect(texts.every((text) => set.add(text))).toBe(true);
    expect(texts.some((text) => set.add(text))).toBe(false);
    expect(set.size).toBe(texts.length);
  });

  it('tells short and permuted texts apart', () => {
    const set = new IdSet();
    const letters = ['', 'a', 'b', 'ab', 'ba', 'aab', 'aba', 'baa', '\0', '\0\0', 'é', 'e\u0301', '𐀀'];
    expect(letters.every((text) => set.add(text))).toBe(true);
  });
});
