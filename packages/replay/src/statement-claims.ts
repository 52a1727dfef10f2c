import { digestValue, formatDigest } from '@exoarmur/canonical';
import { INTENT_DIGEST_DOMAIN, type SealedRecord } from '@exoarmur/contracts';
import type { Check } from './check.ts';
import { lastPayloadOf, type ParsedBundle, textMember } from './parsed-bundle.ts';

const PREDICATE = '/statement/payload/predicate';

/**
 * Does the signed statement say what the records say. A claim about a withheld payload cannot be compared here; the
 * lifecycle check reports every withheld payload.
 */
export function checkStatementClaims(parsed: ParsedBundle, check: Check): void {
  checkScope(parsed, check);
  checkSubject(parsed, check);
  checkLogClaims(parsed, check);
  checkVerdictClaims(parsed, check);
}

function checkScope({ statement, records, checkpoint }: ParsedBundle, check: Check): void {
  const first = records[0]?.record;
  if (first === undefined) return;
  for (const member of ['tenant', 'cell', 'stream'] as const) {
    const [expected, found] = [first[member], statement.predicate[member]];
    if (expected !== found)
      check.fail('statement_scope_mismatch', { pointer: `${PREDICATE}/${member}`, expected, found });
  }
  // The log of a tenant is named `<cell domain>/<tenant>`.
  if (!checkpoint.origin.endsWith(`/${first.tenant}`)) {
    check.fail('origin_mismatch', {
      pointer: '/log/checkpoint',
      expected: `…/${first.tenant}`,
      found: checkpoint.origin,
    });
  }
}

function checkSubject(parsed: ParsedBundle, check: Check): void {
  const pointer = '/statement/payload/subject/0';
  const subject = parsed.statement.subject[0];
  const first = parsed.records[0];
  if (subject === undefined || first === undefined) return;
  if (subject.name !== first.record.stream) {
    const [expected, found] = [first.record.stream, subject.name];
    check.fail('statement_subject_mismatch', { pointer: `${pointer}/name`, expected, found });
  }
  const found = `sha256:${subject.digest.sha256}`;
  const expected = intentDigest(parsed);
  if (expected !== undefined && expected !== found) {
    check.fail('statement_subject_mismatch', { pointer: `${pointer}/digest/sha256`, expected, found });
  }
}

/** The intent digest as the disclosed intent gives it, else as any disclosed payload states it. */
function intentDigest({ records }: ParsedBundle): string | undefined {
  for (const { record, payload } of records) {
    if (payload === undefined) continue;
    if (record.kind === 'intent_received') return digestValue(INTENT_DIGEST_DOMAIN, payload.value);
    const stated = textMember(payload.value, 'intent_digest');
    if (stated !== undefined) return stated;
  }
  return undefined;
}

function checkLogClaims({ statement, records, checkpoint }: ParsedBundle, check: Check): void {
  const { predicate } = statement;
  const head = records.at(-1)?.leafDigest;
  if (head !== undefined && predicate.head !== head) {
    check.fail('statement_head_mismatch', { pointer: `${PREDICATE}/head`, expected: head, found: predicate.head });
  }
  const claims = [
    ['origin', checkpoint.origin, predicate.checkpoint.origin],
    ['size', checkpoint.size, predicate.checkpoint.size],
    ['root', formatDigest(checkpoint.root), predicate.checkpoint.root],
  ] as const;
  for (const [member, expected, found] of claims) {
    if (expected === found) continue;
    check.fail('statement_checkpoint_mismatch', { pointer: `${PREDICATE}/checkpoint/${member}`, expected, found });
  }
}

function checkVerdictClaims(parsed: ParsedBundle, check: Check): void {
  const { predicate } = parsed.statement;
  compare(parsed, check, 'stream_closed', 'final_verdict', 'statement_verdict_mismatch', predicate.final_verdict);
  compare(parsed, check, 'stream_closed', 'outcome', 'statement_outcome_mismatch', predicate.outcome);
  compare(parsed, check, 'verdict_resolved', 'policy_digest', 'statement_policy_mismatch', predicate.policy_digest);
  const isResolved = parsed.records.some(({ record }) => record.kind === 'ambiguity_resolved');
  const resolved = lastPayloadOf(parsed, 'ambiguity_resolved');
  const finding = resolved === undefined ? null : (textMember(resolved.value, 'finding') ?? null);
  const isComparable = resolved !== undefined || !isResolved;
  if (isComparable && finding !== (predicate.resolution ?? null)) {
    const place = { pointer: `${PREDICATE}/resolution`, ...(resolved === undefined ? {} : { record: resolved.index }) };
    check.fail('statement_resolution_mismatch', { ...place, expected: finding, found: predicate.resolution ?? null });
  }
  const decision = lastPayloadOf(parsed, 'verdict_resolved');
  const engine = textMember(decision?.value.engine, 'digest');
  if (decision !== undefined && engine !== predicate.engine_digest) {
    const place = { pointer: `${PREDICATE}/engine_digest`, record: decision.index };
    check.fail('statement_engine_mismatch', { ...place, expected: engine ?? null, found: predicate.engine_digest });
  }
}

function compare(
  parsed: ParsedBundle,
  check: Check,
  kind: SealedRecord['kind'],
  member: 'final_verdict' | 'outcome' | 'policy_digest',
  code: 'statement_verdict_mismatch' | 'statement_outcome_mismatch' | 'statement_policy_mismatch',
  found: string | null,
): void {
  const payload = lastPayloadOf(parsed, kind);
  if (payload === undefined) return;
  const expected = textMember(payload.value, member) ?? null;
  if (expected === found) return;
  check.fail(code, { pointer: `${PREDICATE}/${member}`, record: payload.index, expected, found });
}
