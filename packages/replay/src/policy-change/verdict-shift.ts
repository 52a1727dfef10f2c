import type { ApprovalRequirement, Decision, Verdict, VerdictShift } from '@exoarmur/contracts';

/** How a decision changed, and why where the verdict alone does not say it. */
export interface DecisionShift {
  readonly shift: VerdictShift;
  readonly code: 'demand_weaker' | 'demand_stronger' | 'demand_of_another_kind' | null;
}

type Decided = Pick<Decision, 'verdict'> & { readonly pdp: Pick<Decision['pdp'], 'approval_requirement'> };

/** From nobody may, over somebody has to agree, to nobody is asked. */
function rankOf(verdict: Verdict): number {
  return verdict === 'deny' ? 0 : verdict === 'allow' ? 2 : 1;
}

/**
 * Whether the proposed decision asks more or less than the recorded one. Between two that wait for people the demands are
 * compared; what is not at least as strict in every respect counts as looser, because somebody has to look at it.
 */
export function compareDecisions(recorded: Decided, proposed: Decided): DecisionShift {
  const [before, after] = [rankOf(recorded.verdict), rankOf(proposed.verdict)];
  if (before !== after) return { shift: after > before ? 'looser' : 'tighter', code: null };
  if (before !== 1) return { shift: 'same', code: null };
  const [was, is] = [recorded.pdp.approval_requirement, proposed.pdp.approval_requirement];
  if (recorded.verdict !== proposed.verdict) {
    // Only a quorum in place of one person is known to ask more; the rest depends on who answers for what.
    const isQuorum = proposed.verdict === 'require_quorum' && isAtLeast(is, was);
    return isQuorum
      ? { shift: 'tighter', code: 'demand_stronger' }
      : { shift: 'looser', code: 'demand_of_another_kind' };
  }
  if (!isAtLeast(is, was)) return { shift: 'looser', code: 'demand_weaker' };
  return isAtLeast(was, is) ? { shift: 'same', code: null } : { shift: 'tighter', code: 'demand_stronger' };
}

/** Whether whoever meets `demand` meets `other` too. */
function isAtLeast(demand: ApprovalRequirement | null, other: ApprovalRequirement | null): boolean {
  if (other === null) return true;
  if (demand === null) return false;
  return (
    (demand.kind === 'quorum' || other.kind === 'human') &&
    demand.quorum >= other.quorum &&
    other.roles.every((role) => demand.roles.includes(role)) &&
    demand.ttl_seconds <= other.ttl_seconds
  );
}
