import { CanonicalError } from '@exoarmur/canonical';
import {
  formatLegacyJson,
  hashLegacyPayload,
  isLegacyObject,
  type LegacyObject,
  type LegacyValue,
  legacyDemoReplayHash,
  ulidOfLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import type { Check } from './check.ts';
import type { LegacyFindings } from './legacy-bundle.ts';
import { legacyElements, legacyMember } from './legacy-file.ts';

const PROOF = '/execution_proof';
/** The five values under the demo's replay hash. */
const HASHED = [
  'events_count',
  'intent/action_type',
  'intent/intent_id',
  'intent/target',
  'replay_hash',
  'trace_final_status',
];

/**
 * Checks the hand-made file of the canonical demo. Its hash covers five values. The audit events beside them carry a hash of
 * their payload and an id derived from type and intent, each V1 record repeating the canonical event that follows it.
 */
export function checkDemoProof(file: LegacyObject, findings: LegacyFindings, check: Check): void {
  const proof = file.get('execution_proof');
  if (!isLegacyObject(proof)) return;
  const expected = legacyDemoReplayHash(proof);
  const found = proof.get('replay_hash');
  if (found !== expected) {
    check.fail('legacy_replay_hash_mismatch', { pointer: `${PROOF}/replay_hash`, expected, found: textOf(found) });
  }
  findings.covered.push(...HASHED.map((member) => `${PROOF}/${member}`));
  const intent = proof.get('intent');
  for (const member of isLegacyObject(intent) ? intent.keys() : []) {
    if (!HASHED.includes(`intent/${member}`)) findings.notCovered.push(`${PROOF}/intent/${member}`);
  }
  findings.notCovered.push('/timestamp');
  findings.limitations.push('legacy_records_not_bound');
  const intentId = legacyMember(proof, 'intent', 'intent_id') ?? null;
  const events = legacyElements(file.get('audit_events')).filter(isLegacyObject);
  if (events.length === 0) {
    findings.notCovered.push('/audit_events');
    findings.limitations.push('legacy_events_absent');
  }
  events.forEach((event, index) => {
    const at = `/audit_events/${index}`;
    if (event.has('audit_id')) checkRecord(event, events[index + 1], intentId, at, findings, check);
    else checkEvent(event, intentId, at, findings, check);
  });
}

function checkEvent(
  event: LegacyObject,
  intentId: LegacyValue,
  at: string,
  findings: LegacyFindings,
  check: Check,
): void {
  const expected = payloadHash(event.get('payload') ?? null);
  const found = event.get('payload_hash');
  if (expected === undefined || found !== expected) {
    check.fail('legacy_payload_hash_mismatch', {
      pointer: `${at}/payload_hash`,
      expected: expected ?? null,
      found: textOf(found),
    });
  }
  checkId(event.get('event_id'), event.get('event_type') ?? null, intentId, `${at}/event_id`, check);
  sortMembers(event, ['event_id', 'event_type', 'payload', 'payload_hash'], at, findings);
}

/** A V1 record and the canonical event made of it say the same. Its own `hashes` were never real. */
function checkRecord(
  record: LegacyObject,
  event: LegacyObject | undefined,
  intentId: LegacyValue,
  at: string,
  findings: LegacyFindings,
  check: Check,
): void {
  checkId(record.get('audit_id'), record.get('event_kind') ?? null, intentId, `${at}/audit_id`, check);
  const pairs = [
    ['audit_id', 'event_id'],
    ['event_kind', 'event_type'],
    ['payload_ref', 'payload'],
    ['correlation_id', 'correlation_id'],
    ['trace_id', 'trace_id'],
    ['tenant_id', 'tenant_id'],
    ['cell_id', 'cell_id'],
  ] as const;
  for (const [member, twin] of pairs) {
    const [found, expected] = [textOf(record.get(member)), textOf(event?.get(twin))];
    if (found !== expected) check.fail('legacy_record_mismatch', { pointer: `${at}/${member}`, expected, found });
  }
  sortMembers(record, ['audit_id', 'event_kind', 'payload_ref'], at, findings);
}

function checkId(
  found: LegacyValue | undefined,
  type: LegacyValue,
  intentId: LegacyValue,
  pointer: string,
  check: Check,
): void {
  const content = new Map<string, LegacyValue>([
    ['event_type', type],
    ['intent_id', intentId],
  ]);
  const expected = ulidOfLegacyJson(content, 'spaced-ascii');
  if (found !== expected) check.fail('legacy_id_mismatch', { pointer, expected, found: textOf(found) });
}

function sortMembers(object: LegacyObject, covered: readonly string[], at: string, findings: LegacyFindings): void {
  for (const member of object.keys()) {
    (covered.includes(member) ? findings.covered : findings.notCovered).push(`${at}/${member}`);
  }
}

function payloadHash(payload: LegacyValue): string | undefined {
  try {
    return hashLegacyPayload(payload);
  } catch (error) {
    // A lone surrogate has no UTF-8 form, so the ancestor could not have hashed it either.
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function textOf(value: LegacyValue | undefined): string {
  return value === undefined ? '(missing)' : formatLegacyJson(value, 'compact-ascii');
}
