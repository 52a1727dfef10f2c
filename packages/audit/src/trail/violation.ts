/** Why a record may not stand where it stands. The list is closed. */
export type TrailViolationCode =
  | 'approval_by_requester'
  | 'approval_digest_mismatch'
  | 'approval_duplicate'
  | 'approval_expired'
  | 'approval_fact_mismatch'
  | 'approval_malformed'
  | 'approval_quorum_unmet'
  | 'approval_requirement_weakened'
  | 'approval_revocation_unfounded'
  | 'approval_revoked'
  | 'approval_unknown'
  | 'close_reason_mismatch'
  | 'decision_digest_mismatch'
  | 'denial_not_final'
  | 'executor_mismatch'
  | 'final_verdict_mismatch'
  | 'grant_approvals_mismatch'
  | 'grant_digest_mismatch'
  | 'grant_expired'
  | 'intent_digest_mismatch'
  | 'intent_header_mismatch'
  | 'kind_out_of_order'
  | 'outcome_digest_mismatch'
  | 'outcome_inconsistent'
  | 'outcome_mismatch'
  | 'payload_malformed'
  | 'policy_digest_mismatch'
  | 'presentation_mismatch'
  | 'record_count_mismatch'
  | 'request_digest_mismatch'
  | 'request_expired'
  | 'resolution_malformed'
  | 'resolution_mismatch'
  | 'result_digest_mismatch'
  | 'scope_mismatch'
  | 'seq_not_dense'
  | 'standing_grant_malformed'
  | 'standing_grant_unfit'
  | 'verdict_unfounded';

/** The first rule a record breaks. `pointer` leads into the step, `{ record, payload }`. */
export interface TrailViolation {
  readonly code: TrailViolationCode;
  readonly pointer: string;
  readonly expected: string;
  readonly found: string;
}

/** A violation with its texts cut to what a report can carry. */
export function violation(
  code: TrailViolationCode,
  pointer: string,
  expected: unknown,
  found: unknown,
): { readonly violation: TrailViolation } {
  return { violation: { code, pointer, expected: shorten(expected), found: shorten(found) } };
}

/** A violation when two values that must agree do not; nothing when they do. */
export function differs(
  code: TrailViolationCode,
  pointer: string,
  expected: unknown,
  found: unknown,
): { readonly violation: TrailViolation } | undefined {
  return expected === found ? undefined : violation(code, pointer, expected, found);
}

function shorten(value: unknown): string {
  const text = String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
