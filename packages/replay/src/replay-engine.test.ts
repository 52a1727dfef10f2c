import { readFileSync } from 'node:fs';
import {
  createLegacyEvent,
  type LegacyEvent,
  type LegacyObject,
  type LegacyValue,
  legacyIntentHash,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import { describe, expect, it } from 'vitest';
import { ReplayEngine } from './replay-engine.ts';
import { formatReplayReport, hashReplayReport } from './replay-report.ts';

interface Vector {
  readonly name: string;
  readonly correlation_id: string;
  readonly events_json: string;
  readonly report_canonical: string;
  readonly report_sha256: string;
  readonly intents?: unknown;
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../spec/vectors/legacy-python/replay-reports.json', import.meta.url), 'utf8'),
) as readonly Vector[];

/** Vectors that record a flaw, with the result and the text that take its place. */
const INVERTED: ReadonlyMap<string, readonly [result: string, text: string]> = new Map([
  ['integrity-all-bad-flags-stay-true', ['failure', 'Payload integrity check failed for event a']],
  ['verdict/duplicate-id-last-wins', ['failure', 'Events with the same id and different content: a']],
  ['binding/empty-store', ['partial', 'Could not verify intent binding: no frozen intent for approval approval-123']],
  [
    'binding/unknown-approval-passes',
    ['partial', 'Could not verify intent binding: no frozen intent for approval nope'],
  ],
  ['flaw/deny-then-executed-is-success', ['failure', '']],
  ['flaw/foreign-correlation-and-tenant-accepted', ['failure', 'Event a belongs to another correlation: OTHER']],
  [
    'flaw/string-sequence-drops-event-silently',
    ['failure', 'Event `a` cannot be replayed: its sequence number is no integer'],
  ],
  [
    'flaw/float-sequence-drops-event-silently',
    ['failure', 'Event `a` cannot be replayed: its sequence number is no integer'],
  ],
  ['flaw/non-string-type-drops-event-silently', ['failure', 'Event `a` cannot be replayed: its type is no text']],
  ['flaw/sequence-gap-undetected', ['failure', 'Sequence numbers are missing between 1 and 7']],
  ['mixed-id-types-outer-failure', ['failure', 'Event without an id cannot be replayed: its id is no text']],
]);

function eventsOf(text: string): LegacyEvent[] {
  return (parseLegacyJson(text) as LegacyValue[]).map((fields) => createLegacyEvent(fields as LegacyObject));
}

function replay(vector: Vector) {
  const intents = parseLegacyJson(JSON.stringify(vector.intents ?? null)) as ReadonlyMap<string, LegacyObject> | null;
  const engine = new ReplayEngine({
    auditStore: new Map([[vector.correlation_id, eventsOf(vector.events_json)]]),
    ...(intents === null ? {} : { intentStore: intents }),
  });
  return engine.replayCorrelation(vector.correlation_id);
}

describe('vectors of the Python ancestor', () => {
  const sound = VECTORS.filter((vector) => !INVERTED.has(vector.name));

  it.each(sound)('gives the same report and the same hash: $name', (vector) => {
    const report = replay(vector);
    expect(formatReplayReport(report)).toBe(vector.report_canonical);
    expect(hashReplayReport(report)).toBe(vector.report_sha256);
  });

  it.each(VECTORS.filter((vector) => INVERTED.has(vector.name)))('does not repeat the flaw: $name', (vector) => {
    const [result, text] = INVERTED.get(vector.name) ?? ['', ''];
    const report = replay(vector);
    expect(report.result).toBe(result);
    expect([...report.failures, ...report.warnings].join('\n')).toContain(text);
    expect(hashReplayReport(report)).not.toBe(vector.report_sha256);
  });

  it('leaves no flagged vector out', () => {
    const flagged = VECTORS.filter(({ name }) => /^flaw\/|-passes|^binding\/unknown/.test(name)).map(
      ({ name }) => name,
    );
    expect(flagged.filter((name) => !INVERTED.has(name))).toEqual([]);
    expect([...INVERTED.keys()].filter((name) => !VECTORS.some((vector) => vector.name === name))).toEqual([]);
  });
});

const INTENT: LegacyObject = new Map<string, LegacyValue>([
  ['schema_version', '1.0.0'],
  ['intent_id', '01J4NR5X9Z8GABCDEF12345678'],
  ['tenant_id', 't'],
  ['cell_id', 'c'],
  ['subject', new Map([['subject_id', 'host-1']])],
  ['intent_type', 'isolate_host'],
  ['action_class', 'A3_irreversible'],
  ['requested_at', '2023-01-01T12:00:00+00:00'],
  ['policy_context', new Map()],
  ['safety_context', new Map([['human_approval_id', 'ap']])],
  ['correlation_id', 'x'],
  ['trace_id', 'tr'],
  ['idempotency_key', 'k'],
]);

function event(id: string, type: string, data: LegacyObject, changes: Partial<LegacyEvent> = {}): LegacyEvent {
  const fields = new Map<string, LegacyValue>([
    ['event_id', id],
    ['event_type', type],
    ['actor', 'system'],
    ['correlation_id', 'x'],
    [
      'payload',
      new Map<string, LegacyValue>([
        ['kind', 'inline'],
        ['ref', data],
      ]),
    ],
    ['payload_hash', ''],
  ]);
  return { ...createLegacyEvent(fields), ...changes };
}

const gate = (verdict: string, changes: Partial<LegacyEvent> = {}) =>
  event('g', 'safety_gate_evaluated', new Map([['verdict', verdict]]), changes);
const executed = (intent = INTENT, changes: Partial<LegacyEvent> = {}) =>
  event('e', 'intent_executed', intent, changes);
const bound = (hash = legacyIntentHash(INTENT)) =>
  event(
    'b',
    'approval_bound_to_intent',
    new Map([
      ['approval_id', 'ap'],
      ['intent_hash', hash],
    ]),
  );

function run(events: readonly LegacyEvent[], frozen: LegacyObject | null = INTENT) {
  const intentStore = new Map(frozen === null ? [] : [['ap', frozen] as const]);
  return new ReplayEngine({ auditStore: new Map([['x', events]]), intentStore }).replayCorrelation('x');
}

describe('a trail that executes', () => {
  it('succeeds when the gate allowed it', () => {
    expect(run([gate('allow'), executed()]).result).toBe('success');
  });

  it('succeeds with the bound approval that the gate demanded', () => {
    const report = run([gate('require_human'), bound(), executed()]);
    expect(report).toMatchObject({ result: 'success', intent_hash_verified: true, safety_gate_verified: true });
  });

  it.each([
    ['the gate denied', [gate('deny'), executed()]],
    ['the gate was never asked', [executed()]],
    ['the gate was asked later', [gate('allow', { sequence_number: 2n }), executed(INTENT, { sequence_number: 1n })]],
    ['the demanded approval is not bound', [gate('require_human'), executed()]],
    ['the demanded quorum is not bound', [gate('require_quorum'), executed()]],
    [
      'an approval was denied',
      [gate('allow'), event('d', 'approval_denied', new Map([['approval_id', 'ap']])), executed()],
    ],
    ['the intent was denied', [gate('allow'), event('d', 'intent_denied', new Map([['reason', 'r']])), executed()]],
    [
      'the approval id was removed to skip the comparison',
      [gate('require_human'), bound(), executed(new Map([...INTENT, ['safety_context', new Map()]]))],
    ],
  ])('fails when %s', (_, events) => {
    const report = run(events);
    expect(report).toMatchObject({ result: 'failure', safety_gate_verified: false, audit_integrity_verified: false });
    expect(report.failures[0]).toMatch(/^Intent executed in event e although /);
  });

  it('fails when another intent was approved', () => {
    const report = run(
      [gate('require_human'), bound(), executed()],
      new Map([...INTENT, ['intent_type', 'wipe_host']]),
    );
    expect(report).toMatchObject({ result: 'failure', intent_hash_verified: false });
    expect(report.failures).toHaveLength(2);
  });

  it('is no success when there is nothing to compare the approval with', () => {
    const report = run([gate('require_human'), bound(), executed()], null);
    expect(report).toMatchObject({ result: 'partial', intent_hash_verified: false });
  });

  it('is no success when the approval that the intent names is unknown', () => {
    const report = run([gate('allow'), executed()], null);
    expect(report).toMatchObject({ result: 'partial', intent_hash_verified: false });
    expect(report.warnings).toEqual(['Could not verify executed intent: no frozen intent for approval ap']);
  });

  it('fails when an execution carries nothing', () => {
    expect(run([gate('allow'), executed(new Map())]).failures).toEqual(['Intent execution payload missing data']);
  });

  it('fails when what was executed is no intent', () => {
    const report = run([gate('allow'), executed(new Map([['x', 1n]]))]);
    expect(report.failures).toEqual(['Failed to reconstruct executed intent']);
  });
});

describe('events of one correlation', () => {
  const belief = (id: string, changes: Partial<LegacyEvent> = {}) =>
    event(id, 'belief_created', new Map([['belief_id', 'b']]), changes);

  it('give the same report in any input order', () => {
    const events = [gate('allow'), executed(), belief('a'), belief('z')];
    expect(hashReplayReport(run(events))).toBe(hashReplayReport(run([...events].reverse())));
  });

  it('fail for an unknown correlation, with no flag set', () => {
    const report = run([]);
    expect(report.failures).toEqual(['No audit records found for correlation_id: x']);
    expect([report.intent_hash_verified, report.safety_gate_verified, report.audit_integrity_verified]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('fail without a payload hash instead of computing one', () => {
    expect(run([belief('a', { payload_hash: '' })]).result).toBe('failure');
  });

  it('are replayed without the one whose payload was altered, which fails the replay', () => {
    const report = run([belief('a'), belief('b', { payload_hash: '0'.repeat(64) }), belief('c')]);
    expect(report).toMatchObject({ result: 'failure', total_events: 2, processed_events: 2, failed_events: 1 });
  });

  it.each(['event_id', 'event_type', 'correlation_id', 'tenant_id'] as const)(
    'with a lone surrogate in %s fail and still have a hash',
    (member) => {
      const report = run([belief('a'), belief('b', { [member]: '\ud800' })]);
      expect([report.result, hashReplayReport(report).length]).toEqual([
        member === 'tenant_id' ? 'success' : 'failure',
        64,
      ]);
      const both = run([belief('a', { [member]: 'x' }), belief('b', { [member]: '\ud800' })]);
      expect([both.result, hashReplayReport(both).length]).toEqual(['failure', 64]);
    },
  );

  it.each(['tenant_id', 'cell_id'] as const)('come from one %s', (member) => {
    expect(run([belief('a', { [member]: 'one' }), belief('b', { [member]: 'two' })]).result).toBe('failure');
    expect(run([belief('a', { [member]: 'one' }), belief('b')]).result).toBe('success');
  });

  it('may repeat an identical event, which is reported', () => {
    const report = run([belief(`it's "a"`), belief(`it's "a"`)]);
    expect(report.warnings).toEqual([`Envelope validation issue: Duplicate audit IDs found: ['it\\'s "a"']`]);
    expect(report.result).toBe('partial');
  });

  it('are read and never changed', () => {
    const events = Object.freeze([Object.freeze(gate('allow')), Object.freeze(executed())]);
    expect(run(events).result).toBe('success');
  });

  it.each([null, 'text', {}, [], new Map()])('are nothing else than events: %j', (item) => {
    expect(() => run([item as unknown as LegacyEvent])).toThrow(
      expect.objectContaining({ code: 'REPLAY_EVENT_REQUIRED' }),
    );
  });
});
