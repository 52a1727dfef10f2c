import type { ActionIntent, ApprovalRequirement, Facts, PdpResult, PdpVerdict } from '@exoarmur/contracts';
import { isRequirementMet, mergeRequirements } from './approval-requirement.ts';
import type { EngineAnswer, PreparedPolicySet } from './cedar/prepared-set.ts';
import { listIds, sortUnique } from './internal/listing.ts';
import { createCedarRequest } from './request/cedar-request.ts';

const MAX_LISTED = 4096;

/**
 * What the policies say of one intent under recorded facts. Anything that is not a clean answer denies: a target or
 * parameters that cannot be weighed, an unknown action, a request the engine refuses, any policy that errs (also a permit:
 * which way it would have gone is unknown), an engine that throws.
 */
export function evaluatePolicies(policies: PreparedPolicySet, intent: ActionIntent, facts: Facts): PdpResult {
  const built = createCedarRequest(intent, facts, policies.compiled.actions.get(intent.action_type));
  if (built.outcome === 'refused')
    return denyAsk(`the ${built.subject} cannot be put before a policy: ${built.reason}`);
  if (policies.compiled.policies.length === 0) return denyAsk('the policy set is empty');
  if (!policies.compiled.actions.has(intent.action_type)) {
    return denyAsk(`the policy schema does not know the action \`${intent.action_type}\``);
  }
  const plain = attempt(() => policies.askPlain(built.request));
  const liftable = attempt(() => policies.askLiftable(built.request));
  if (plain.outcome === 'failed' || liftable.outcome === 'failed') {
    return denyAsk('the policy engine did not answer the request');
  }
  const errored = sortUnique([...plain.errored, ...liftable.errored]);
  if (errored.length > 0) {
    return {
      ...denyAsk(`policies could not be evaluated: ${listIds(errored)}`),
      errored_policies: errored.slice(0, MAX_LISTED),
    };
  }
  return combine(policies, intent, facts, plain, sortUnique(liftable.reasons));
}

function combine(
  policies: PreparedPolicySet,
  intent: ActionIntent,
  facts: Facts,
  plain: { readonly allowed: boolean; readonly reasons: readonly string[] },
  demanding: readonly string[],
): PdpResult {
  const reasons = sortUnique(plain.reasons);
  if (!plain.allowed) {
    return reasons.length > 0
      ? answer('deny', `forbidden by ${listIds(reasons)}`, reasons)
      : answer('defer', 'no policy permits this action', []);
  }
  const permitted = `permitted by ${listIds(reasons)}`;
  if (demanding.length === 0) return answer('allow', permitted, reasons);
  const named = new Set(demanding);
  const demands = policies.compiled.policies.flatMap(({ id, requirement }) =>
    requirement !== null && named.has(id) ? [requirement] : [],
  );
  // SECURITY: a demand that is not known could not be met, so it is not taken for none.
  const requirement = demands.length === named.size ? mergeRequirements(demands) : null;
  if (requirement === null) {
    return denyAsk(`approval is demanded by policies that are not of this set: ${listIds(demanding)}`);
  }
  const count = { approvals: facts.approvals, requester: intent.actor_id, time: facts.time };
  if (isRequirementMet(requirement, count)) {
    const rationale = `${permitted}, approved as ${listIds(demanding)} demands`;
    return answer('allow', rationale, sortUnique([...reasons, ...demanding]));
  }
  return answer('require_approval', `approval is demanded by ${listIds(demanding)}`, demanding, requirement);
}

function answer(
  verdict: PdpVerdict,
  rationale: string,
  determining: readonly string[],
  requirement: ApprovalRequirement | null = null,
): PdpResult {
  return {
    verdict,
    rationale,
    determining_policies: determining.slice(0, MAX_LISTED),
    errored_policies: [],
    approval_requirement: requirement,
  };
}

/** A denial that no single policy made. */
export function denyAsk(rationale: string): PdpResult {
  return answer('deny', rationale, []);
}

function attempt(ask: () => EngineAnswer): EngineAnswer {
  try {
    return ask();
  } catch {
    // SECURITY: whatever the engine throws (a WebAssembly trap is a RuntimeError), it has not answered, and that denies.
    return { outcome: 'failed' };
  }
}
