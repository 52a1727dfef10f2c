import {
  contentUlid,
  isLegacyObject,
  LEGACY_DEFAULTED_MEMBERS,
  type LegacyObject,
  type LegacyValue,
  legacyBundleChecksum,
  legacyBundleIds,
  legacyReplayHash,
  legacyTraceEventHash,
  legacyTraceHash,
} from '@exoarmur/canonical/legacy-python';
import type { Check } from './check.ts';
import type { VerificationCode } from './codes.ts';
import type { LegacyFindings } from './legacy-bundle.ts';
import { legacyElements, legacyMember } from './legacy-file.ts';

/** Members that no hash of the ancestor covers, whatever they say. */
const NEVER_COVERED = [
  'audit_event_count',
  'audit_stream_id',
  'bundle_created_at',
  'canonicalization_verified',
  'deterministic_ids',
  'deterministic_timestamps',
  'integrity_hash',
  'replay_verification_timestamp',
] as const;

/**
 * Checks a bundle of schema 1.0 or 2.0: replay hash, checksum, the hashes and ids inside its trace, and that the verdict is
 * the same wherever it stands. `prefix` is the JSON pointer of the bundle in its file.
 */
export function checkGovernedBundle(
  bundle: LegacyObject,
  prefix: string,
  findings: LegacyFindings,
  check: Check,
): void {
  compare(
    check,
    'legacy_replay_hash_mismatch',
    `${prefix}/replay_hash`,
    legacyReplayHash(bundle),
    bundle.get('replay_hash'),
  );
  const checksum = bundle.get('bundle_checksum') ?? null;
  const hasChecksum = checksum !== null;
  if (hasChecksum) {
    compare(
      check,
      'legacy_bundle_checksum_mismatch',
      `${prefix}/bundle_checksum`,
      legacyBundleChecksum(bundle),
      checksum,
    );
  }
  const ids = legacyBundleIds(bundle);
  const id = bundle.get('bundle_id');
  if (id !== ids.bound && id !== ids.constant) {
    check.fail('legacy_id_mismatch', { pointer: `${prefix}/bundle_id`, expected: ids.constant, found: shown(id) });
  }
  const trace = bundle.get('execution_trace');
  if (isLegacyObject(trace)) checkTrace(trace, `${prefix}/execution_trace`, bundle, findings, check);
  if (!isIntentIdDerived(bundle)) findings.limitations.push('legacy_id_not_recomputable');
  for (const member of bundle.keys()) {
    const isCovered =
      !(NEVER_COVERED as readonly string[]).includes(member) && (member !== 'bundle_checksum' || hasChecksum);
    (isCovered ? findings.covered : findings.notCovered).push(`${prefix}/${member}`);
  }
  listAbsent(bundle, prefix, findings);
}

/** What is not there is hashed as the model's default, or not at all, so nobody sees whether it was taken out. */
function listAbsent(bundle: LegacyObject, prefix: string, findings: LegacyFindings): void {
  const absent = LEGACY_DEFAULTED_MEMBERS.filter((member) => !bundle.has(member));
  if (absent.length > 0) findings.limitations.push('legacy_members_absent');
  if ((bundle.get('bundle_checksum') ?? null) === null) findings.limitations.push('legacy_checksum_absent');
  if (!bundle.has('bundle_checksum')) absent.push('bundle_checksum');
  findings.notCovered.push(...absent.map((member) => `${prefix}/${member}`));
}

/** The ancestor bound no trail, so nothing passes here; a denied action that nevertheless ran is still a lie. */
export function checkLegacyLifecycle(bundle: LegacyObject | undefined, check: Check): void {
  check.gap('legacy_trail_unbound');
  if (bundle?.get('final_verdict') !== 'deny') return;
  const events = legacyElements(legacyMember(bundle, 'execution_trace', 'events'));
  const ran = events.findIndex(
    (event) => legacyMember(event, 'stage') === 'executor_dispatched' && legacyMember(event, 'ok') === true,
  );
  if (ran >= 0) {
    check.fail('legacy_executed_without_allow', {
      pointer: `/execution_trace/events/${ran}`,
      expected: 'allow',
      found: 'deny',
    });
  } else if (legacyMember(bundle, 'executor_result', 'success') === true) {
    check.fail('legacy_executed_without_allow', {
      pointer: '/executor_result/success',
      expected: 'allow',
      found: 'deny',
    });
  }
}

function checkTrace(
  trace: LegacyObject,
  pointer: string,
  bundle: LegacyObject,
  findings: LegacyFindings,
  check: Check,
): void {
  const events = legacyElements(trace.get('events'));
  const sequence = legacyElements(trace.get('event_sequence'));
  if (sequence.length !== events.length) {
    const [expected, found] = [events.length, sequence.length];
    check.fail('legacy_event_sequence_mismatch', { pointer: `${pointer}/event_sequence`, expected, found });
  }
  events.forEach((event, index) => {
    const at = `${pointer}/events/${index}`;
    if (!isLegacyObject(event)) {
      check.fail('shape_invalid', { pointer: at, expected: 'object' });
      return;
    }
    const id = event.get('event_id');
    compare(
      check,
      'legacy_event_hash_mismatch',
      `${at}/event_hash`,
      legacyTraceEventHash(event),
      event.get('event_hash'),
    );
    compare(check, 'legacy_event_sequence_mismatch', `${pointer}/event_sequence/${index}`, shown(id), sequence[index]);
    compare(check, 'legacy_event_sequence_mismatch', `${at}/sequence`, String(index), event.get('sequence'));
    compare(check, 'legacy_id_mismatch', `${at}/event_id`, eventId(trace, event), id);
  });
  if (trace.has('trace_id')) {
    const expected = contentUlid('trace', new Map([['intent_id', trace.get('intent_id') ?? null]]));
    compare(check, 'legacy_id_mismatch', `${pointer}/trace_id`, expected, trace.get('trace_id'));
  }
  checkTraceHash(trace, pointer, findings, check);
  checkVerdicts(trace, pointer, bundle, check);
}

function eventId(trace: LegacyObject, event: LegacyObject): string {
  const content = [
    ['trace_id', trace.get('trace_id') ?? null],
    ['stage', event.get('stage') ?? null],
    ['sequence', event.get('sequence') ?? null],
  ] as const;
  return contentUlid('event', new Map<string, LegacyValue>(content));
}

/** The ancestor stopped hashing before the verdict was set, so `allow` in its place is accepted, and reported. */
function checkTraceHash(trace: LegacyObject, pointer: string, findings: LegacyFindings, check: Check): void {
  const stored = trace.get('trace_hash') ?? null;
  if (stored === null) return;
  const expected = legacyTraceHash(trace);
  if (stored === expected) return;
  if (stored === legacyTraceHash(trace, 'allow')) findings.limitations.push('legacy_stale_trace_hash');
  else compare(check, 'legacy_trace_hash_mismatch', `${pointer}/trace_hash`, expected, stored);
}

function checkVerdicts(trace: LegacyObject, pointer: string, bundle: LegacyObject, check: Check): void {
  const expected = shown(bundle.get('final_verdict'));
  const places: readonly (readonly string[])[] = [['final_verdict'], ['verdict_trace', 'final_verdict']];
  for (const path of places) {
    const found = legacyMember(trace, ...path);
    if (found === undefined || found === null) continue;
    compare(check, 'legacy_verdict_mismatch', `${pointer}/${path.join('/')}`, expected, found);
  }
}

/** An intent id made by a caller, or with a time that the bundle dropped, cannot be derived again. */
function isIntentIdDerived(bundle: LegacyObject): boolean {
  const intent = bundle.get('intent');
  if (!isLegacyObject(intent)) return false;
  const names = ['actor_id', 'action_type', 'target', ...(intent.has('timestamp') ? ['timestamp'] : [])];
  const content = names.map((name): [string, LegacyValue] => [name, intent.get(name) ?? null]);
  return contentUlid('intent', new Map(content)) === intent.get('intent_id');
}

function compare(
  check: Check,
  code: VerificationCode,
  pointer: string,
  expected: string,
  found: LegacyValue | undefined,
): void {
  if (shown(found) !== expected) check.fail(code, { pointer, expected, found: shown(found) });
}

/** A scalar as text. Only strings and integers are compared, so no two different ones share a text here. */
function shown(value: LegacyValue | undefined): string {
  return typeof value === 'string' || typeof value === 'bigint'
    ? String(value)
    : `(${value === null ? 'null' : typeof value})`;
}
