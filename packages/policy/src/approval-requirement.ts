import type { ApprovalFact, ApprovalRequirement } from '@exoarmur/contracts';

/** Limits and defaults of a demand for approval; the shape in contracts has the same ones. */
export const APPROVAL_DEFAULTS = { quorum: 2, maxQuorum: 16, ttlSeconds: 3600, maxTtlSeconds: 2_592_000 } as const;

/** What has to be known of the action to count its approvals. */
export interface ApprovalCount {
  readonly approvals: readonly ApprovalFact[];
  /** Who asked for the action; the requester's own approval never counts. */
  readonly requester: string;
  /** The moment of the decision (RFC 3339, three fraction digits). */
  readonly time: string;
}

/**
 * The strictest of several demands: a quorum over one person, the largest quorum, every role of each, the shortest time.
 * Whoever meets it meets each of them. Order does not matter. Null for no demand.
 */
export function mergeRequirements(requirements: readonly ApprovalRequirement[]): ApprovalRequirement | null {
  if (requirements.length === 0) return null;
  return {
    kind: requirements.some(({ kind }) => kind === 'quorum') ? 'quorum' : 'human',
    quorum: Math.max(...requirements.map(({ quorum }) => quorum)),
    roles: [...new Set(requirements.flatMap(({ roles }) => roles))].sort(),
    ttl_seconds: Math.min(...requirements.map(({ ttl_seconds }) => ttl_seconds)),
  };
}

/**
 * Whether the approvals meet a demand: enough distinct keys of enough distinct people, each unexpired, each holding every
 * demanded role, none of them the requester, and nobody said no.
 */
export function isRequirementMet(requirement: ApprovalRequirement, count: ApprovalCount): boolean {
  if (isRefused(count.approvals)) return false;
  const counting = count.approvals.filter(
    ({ approver_id, expires_at, roles }) =>
      approver_id !== count.requester &&
      expires_at > count.time &&
      requirement.roles.every((role) => roles.includes(role)),
  );
  const keys = new Set(counting.map(({ key_id }) => key_id));
  const people = new Set(counting.map(({ approver_id }) => approver_id));
  return Math.min(keys.size, people.size) >= requirement.quorum;
}

/** Whether anybody who was asked said no; that is final, also when the answer has expired since. */
export function isRefused(approvals: readonly ApprovalFact[]): boolean {
  return approvals.some(({ verdict }) => verdict !== 'approve');
}
