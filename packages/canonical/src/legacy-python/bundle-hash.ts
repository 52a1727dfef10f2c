import { contentUlid } from './content-id.ts';
import { hashLegacyJson } from './hash.ts';
import { isLegacyObject, type LegacyObject, type LegacyValue } from './value.ts';

const REPLAY_HASH_FIELDS = [
  'schema_version',
  'bundle_version',
  'intent',
  'policy_decision',
  'safety_verdict',
  'final_verdict',
  'approval_records',
  'execution_trace',
  'executor_result',
  'governance_evidence',
  'resolution_evidence',
  'executor_capabilities',
  'validation_evidence',
  'executor_failure_evidence',
] as const;

/** What absent fields of an old bundle stood for: the model's defaults. */
const DEFAULTS: ReadonlyMap<string, LegacyValue> = new Map<string, LegacyValue>([
  ['schema_version', '2.0'],
  ['bundle_version', 'v1'],
  ['approval_records', []],
  ['governance_evidence', new Map()],
  ['resolution_evidence', new Map()],
  ['executor_capabilities', new Map()],
  ['validation_evidence', new Map()],
  ['executor_failure_evidence', new Map()],
]);

/** Members that {@link legacyReplayHash} takes for the model's default when they are absent, so that it cannot miss them. */
export const LEGACY_DEFAULTED_MEMBERS: readonly string[] = Object.freeze([...DEFAULTS.keys()]);

/** Hex `replay_hash` of a bundle of schema 2.0, over fourteen of its fields. Unkeyed: anyone can compute it anew. */
export function legacyReplayHash(bundle: LegacyObject): string {
  const preimage = REPLAY_HASH_FIELDS.map((name) => [name, bundle.get(name) ?? DEFAULTS.get(name) ?? null] as const);
  return hashLegacyJson(new Map(preimage), 'compact-ascii');
}

/** Hex `bundle_checksum` of a bundle: six short fields, of the intent only its ids. */
export function legacyBundleChecksum(bundle: LegacyObject): string {
  const preimage = new Map<string, LegacyValue>([
    ['bundle_id', bundle.get('bundle_id') ?? null],
    ['bundle_version', bundle.get('bundle_version') ?? 'v1'],
    ['correlation_id', intentField(bundle, 'correlation_id')],
    ['final_verdict', bundle.get('final_verdict') ?? null],
    ['intent', intentField(bundle, 'intent_id')],
    ['replay_hash', bundle.get('replay_hash') ?? null],
  ]);
  return hashLegacyJson(preimage, 'compact-ascii');
}

/**
 * The two ids that bundles of schema 2.0 carry: `constant` hashes a literal in place of the replay hash (the later scheme),
 * `bound` the stored replay hash itself (the earlier one). The bundle does not say which it uses.
 */
export function legacyBundleIds(bundle: LegacyObject): { readonly constant: string; readonly bound: string } {
  const intentId = intentField(bundle, 'intent_id');
  const idOver = (replayHash: LegacyValue) =>
    contentUlid(
      'bundle',
      new Map([
        ['intent_id', intentId],
        ['replay_hash', replayHash],
      ]),
    );
  return { constant: idOver('deterministic-bundle'), bound: idOver(bundle.get('replay_hash') ?? null) };
}

/** Hex hash of one trace event; its time and checksum are not covered. */
export function legacyTraceEventHash(event: LegacyObject): string {
  const fields = ['event_id', 'stage', 'ok', 'code', 'details', 'sequence', 'parent_event_id'];
  return hashLegacyJson(new Map(fields.map((name) => [name, event.get(name) ?? null])), 'compact-ascii');
}

/**
 * Hex `trace_hash` of an execution trace. The ancestor computed it before the final verdict was known and never again, so a
 * stored hash may only match with `finalVerdict` "allow"; bundles also lost `timestamp`, `checksum` and `parent_event_id`
 * of events on the way, which are put back as null.
 */
export function legacyTraceHash(
  trace: LegacyObject,
  finalVerdict: LegacyValue = trace.get('final_verdict') ?? null,
): string {
  const events = trace.get('events');
  const preimage = new Map<string, LegacyValue>([
    ['trace_id', trace.get('trace_id') ?? null],
    ['correlation_id', trace.get('correlation_id') ?? null],
    ['intent_id', trace.get('intent_id') ?? null],
    ['final_verdict', finalVerdict],
    ['events', Array.isArray(events) ? events.map(restoreEventFields) : []],
    ['event_sequence', trace.get('event_sequence') ?? []],
  ]);
  return hashLegacyJson(preimage, 'compact-ascii');
}

/** Hex `replay_hash` of the hand-made demo shape: five values of its `execution_proof`. */
export function legacyDemoReplayHash(executionProof: LegacyObject): string {
  const preimage = new Map<string, LegacyValue>([
    ['action_type', proofIntentField(executionProof, 'action_type')],
    ['events_count', executionProof.get('events_count') ?? null],
    ['final_status', executionProof.get('trace_final_status') ?? null],
    ['intent_id', proofIntentField(executionProof, 'intent_id')],
    ['target', proofIntentField(executionProof, 'target')],
  ]);
  return hashLegacyJson(preimage, 'compact-ascii');
}

function restoreEventFields(event: LegacyValue): LegacyValue {
  if (!isLegacyObject(event)) return event;
  const lost = ['timestamp', 'checksum', 'parent_event_id'].filter((name) => !event.has(name));
  return new Map([...event, ...lost.map((name): [string, LegacyValue] => [name, null])]);
}

function intentField(bundle: LegacyObject, name: string): LegacyValue {
  const intent = bundle.get('intent');
  return (isLegacyObject(intent) ? intent.get(name) : undefined) ?? 'unknown';
}

function proofIntentField(executionProof: LegacyObject, name: string): LegacyValue {
  const intent = executionProof.get('intent');
  return (isLegacyObject(intent) ? intent.get(name) : undefined) ?? null;
}
