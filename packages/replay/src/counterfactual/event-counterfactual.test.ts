import { type LegacyEvent, type LegacyValue, parseLegacyJson } from '@exoarmur/canonical/legacy-python';
import { describe, expect, it } from 'vitest';
import { eventsOf, readVectors } from '../../test/legacy-vectors.ts';
import { type EventIntervention, replayEventCounterfactual } from './event-counterfactual.ts';

interface Vector {
  readonly name: string;
  readonly correlation_id: string;
  readonly events_json: string;
  readonly field_path: string;
  readonly original_value: unknown;
  readonly counterfactual_value: unknown;
  readonly report?: Readonly<Record<string, unknown>>;
}

const VECTORS = readVectors<readonly Vector[]>('counterfactual');

/** Vectors that record a flaw, with the answer that takes its place (spec/event-replay.md). */
const INVERTED: Readonly<Record<string, string>> = {
  'verdict-changed-fails-integrity': 'DIFFERENT_OUTCOME: SUCCESS: 1 events processed, no failures',
  'wrong-original-value-not-checked': 'recorded_value_differs',
  'missing-leaf': 'place_unknown',
  'frozen-top-level': 'SAME_OUTCOME: SUCCESS: 1 events processed, no failures',
  'dict-method-name-collision': 'SAME_OUTCOME: SUCCESS: 1 events processed, no failures',
  'no-records': 'no_records',
  'tampering-hash-to-empty-raises': 'member_fixed',
};

const legacy = (value: unknown): LegacyValue => parseLegacyJson(JSON.stringify(value));

function ask(vector: Vector) {
  const recorded = vector.original_value;
  const intervention: EventIntervention = {
    pointer: `/${vector.field_path.replaceAll('.', '/')}`,
    value: legacy(vector.counterfactual_value),
    ...(recorded === null ? {} : { recorded: legacy(recorded) }),
  };
  return replayEventCounterfactual(vector.correlation_id, eventsOf(vector.events_json), intervention);
}

describe('counterfactuals of the ancestor', () => {
  it.each(VECTORS.filter(({ name }) => !(name in INVERTED)))('come out the same: $name', (vector) => {
    const answer = ask(vector);
    expect(answer).toMatchObject({
      outcome: 'compared',
      verdict: vector.report?.verdict,
      originalSummary: vector.report?.original_summary,
      hypotheticalSummary: vector.report?.counterfactual_summary,
      original: { result: vector.report?.original_result },
      hypothetical: { result: vector.report?.counterfactual_result },
    });
  });

  it.each(VECTORS.filter(({ name }) => name in INVERTED))('do not repeat the flaw: $name', (vector) => {
    const answer = ask(vector);
    const text = answer.outcome === 'refused' ? answer.code : `${answer.verdict}: ${answer.hypotheticalSummary}`;
    expect(text).toBe(INVERTED[vector.name]);
  });

  it('name every inverted vector once', () => {
    expect(Object.keys(INVERTED).filter((name) => !VECTORS.some((vector) => vector.name === name))).toEqual([]);
    expect(VECTORS.length - Object.keys(INVERTED).length).toBe(1);
  });
});

describe('a value set in events', () => {
  const [source] = VECTORS;
  const events = eventsOf(source?.events_json ?? '[]');
  const change = (intervention: EventIntervention, trail: readonly LegacyEvent[] = events) =>
    replayEventCounterfactual('corr-1', trail, intervention);

  it('is seen by the replay under a hash of its own, and changes nothing that was given', () => {
    const before = JSON.stringify(events, (_, value) => (value instanceof Map ? [...value] : value));
    const answer = change({ pointer: '/payload/ref/verdict', recorded: 'allow', value: 'deny' });
    expect(answer).toMatchObject({ outcome: 'compared', verdict: 'DIFFERENT_OUTCOME' });
    expect(answer.outcome === 'compared' && answer.hypothetical.safety_gate_verdicts.get('a')).toBe('deny');
    expect(JSON.stringify(events, (_, value) => (value instanceof Map ? [...value] : value))).toBe(before);
  });

  it('that does not matter changes nothing', () => {
    expect(change({ pointer: '/payload/ref/note', value: 'y' })).toMatchObject({ verdict: 'SAME_OUTCOME' });
  });

  it('can be set in named events only', () => {
    const answer = change({ pointer: '/payload/ref/verdict', value: 'deny', eventIds: ['other'] });
    expect(answer).toMatchObject({ verdict: 'SAME_OUTCOME' });
  });

  it('says nothing about a trail that fails with and without it', () => {
    const broken = events.map((event) => ({ ...event, payload_hash: 'x' }));
    const answer = change({ pointer: '/actor', value: 'y' }, broken);
    expect(answer).toMatchObject({
      verdict: 'INCONCLUSIVE',
      originalSummary: 'FAILURE: Payload integrity check failed for event a',
    });
  });

  it.each([
    ['/payload_hash', 'member_fixed'],
    ['/correlation_id', 'member_fixed'],
    ['', 'member_fixed'],
    ['/payload/ref/nope', 'place_unknown'],
    ['/payload/ref/note/0', 'place_unknown'],
    ['/actor/x', 'place_unknown'],
  ])('cannot be set at %j', (pointer, code) => {
    expect(change({ pointer, value: 'x' })).toMatchObject({ outcome: 'refused', code });
  });
});
