import type { PolicyDecisionPoint, PolicySet } from '@exoarmur/contracts';
import { compilePolicySet } from './cedar/compile.ts';
import { createCedarEvaluator } from './cedar-evaluator.ts';
import { PolicyError } from './errors.ts';
import { assertPolicySet, digestPolicySet } from './policy-set.ts';

/**
 * A decision point that decides under one policy set for as long as it lives. The set is copied and frozen here, so that
 * what is decided under is what the digest names. `decide` denies on any policy or engine fault.
 * @throws PolicyError POLICY_SET_MALFORMED or POLICY_SET_REFUSED: nothing starts under a set that is not sound
 */
export function createDecisionPoint(options: { readonly policySet: PolicySet }): PolicyDecisionPoint {
  const checked = assertPolicySet(options.policySet);
  const policySet: PolicySet = Object.freeze({ ...checked, policies: Object.freeze({ ...checked.policies }) });
  const answer = compilePolicySet(policySet);
  if (answer.outcome === 'refused') {
    const { policy, message } = answer.problems[0];
    throw new PolicyError('POLICY_SET_REFUSED', `${message.replace(/\s+/g, ' ').slice(0, 512)}`, {
      pointer: policy === null ? '' : `/policies/${policy}`,
    });
  }
  const policyDigest = digestPolicySet(policySet);
  const evaluator = createCedarEvaluator();
  return Object.freeze({
    policyDigest,
    policySet,
    engine: evaluator.engine,
    decide: (request) => evaluator.evaluate({ ...request, policySet, policyDigest }),
  } satisfies PolicyDecisionPoint);
}
