import { canonicalize } from '@exoarmur/canonical';
import type { Decision, DecisionRequest, PolicyEvaluator, PolicySet } from '@exoarmur/contracts';
import { createCedarEvaluator, digestPolicySet } from '../src/index.ts';
import { createPolicySet } from './requests.ts';

/** Policies by id. */
export type Texts = Readonly<Record<string, string>>;

const shared = createCedarEvaluator();

/** The decision under policies over the test schema. */
export function decideUnder(
  policies: Texts,
  request: DecisionRequest,
  evaluator: PolicyEvaluator = shared,
): Promise<Decision> {
  const policySet: PolicySet = createPolicySet(policies);
  return evaluator.evaluate({ ...request, policySet, policyDigest: digestPolicySet(policySet) });
}

/** Law: a decision says allow only if the policies, the gate and the resolution each do, and nothing erred. */
export function isAllowJustified(decision: Decision): boolean {
  if (decision.verdict !== 'allow') return true;
  const { pdp, safety, resolution_rules_applied } = decision;
  return (
    pdp.verdict === 'allow' &&
    pdp.determining_policies.length > 0 &&
    pdp.errored_policies.length === 0 &&
    safety.verdict === 'allow' &&
    resolution_rules_applied.join() === 'both_allow'
  );
}

const WIDTH = { deny: 0, require_approval: 1, require_quorum: 1, require_human: 1, allow: 2 } as const;

/** Law: the second decision permits no more than the first: adding a forbid, removing a permit, breaking a policy. */
export function isNotWider(before: Decision, after: Decision): boolean {
  return WIDTH[after.verdict] <= WIDTH[before.verdict];
}

/** Law: same request, same policies, in any order: same bytes. */
export function isSameDecision(one: Decision, other: Decision): boolean {
  return canonicalize(one) === canonicalize(other);
}
