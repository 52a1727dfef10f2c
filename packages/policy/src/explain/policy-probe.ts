import type { ActionIntent, Facts, PolicySet } from '@exoarmur/contracts';
import { type CompiledPolicy, compilePolicySet } from '../cedar/compile.ts';
import { PolicyIndex } from '../cedar/policy-index.ts';
import { createPolicyShelf, type EngineAnswer } from '../cedar/prepared-set.ts';
import { preparseSchema } from '../cedar/wasm.ts';
import { PolicyError } from '../errors.ts';
import { sortUnique } from '../internal/listing.ts';
import { createCedarRequest } from '../request/cedar-request.ts';

/** Which policies hold for one request, whatever came of it. Lists are sorted. */
export interface HeldPolicies {
  /** How many policies have a scope that could hold; the others were not looked at. */
  readonly considered: number;
  readonly permits: readonly string[];
  /** Forbids that nothing lifts. */
  readonly forbids: readonly string[];
  /** Forbids that approvals lift, lifted or not. */
  readonly demands: readonly string[];
  readonly errored: readonly string[];
}

/** Asks a policy set which of its policies hold, which a decision alone does not say: a permit under a forbid is silent. */
export interface PolicyProbe {
  readonly policies: readonly CompiledPolicy[];
  /** Undefined when the request never reached the policies. */
  ask(intent: ActionIntent, facts: Facts): HeldPolicies | undefined;
  release(): void;
}

// The engine keeps a schema under its name for the whole process: names are reused, not piled up.
const freeSlots: string[] = [];
let slots = 0;

/** Prepares a probe. @throws PolicyError POLICY_SET_REFUSED for a set that is not sound */
export function createPolicyProbe(policySet: PolicySet): PolicyProbe {
  const answer = compilePolicySet(policySet);
  if (answer.outcome === 'refused') {
    const { policy, message } = answer.problems[0];
    throw new PolicyError('POLICY_SET_REFUSED', message.replace(/\s+/g, ' ').slice(0, 512), {
      pointer: policy === null ? '' : `/policies/${policy}`,
    });
  }
  const { policies, actions } = answer.compiled;
  slots += 1;
  const slot = freeSlots.pop() ?? `probe/${slots}`;
  preparseSchema(slot, policySet.cedar_schema);
  const index = new PolicyIndex(policies.map(({ json }) => json));
  const shelve = (name: string, isOn: (policy: CompiledPolicy) => boolean) =>
    createPolicyShelf(policies.filter(isOn), { name: `${slot}/${name}`, schema: slot });
  const shelves = [
    shelve('permits', ({ effect }) => effect === 'permit'),
    shelve('forbids', ({ effect, requirement }) => effect === 'forbid' && requirement === null),
    shelve('demands', ({ requirement }) => requirement !== null),
  ] as const;
  return {
    policies,
    ask: (intent, facts) => {
      const built = createCedarRequest(intent, facts, actions.get(intent.action_type));
      if (built.outcome === 'refused' || !actions.has(intent.action_type)) return undefined;
      const [permits, forbids, demands] = shelves.map((shelf) => shelf.ask(built.request));
      const reasons = (half: EngineAnswer | undefined) =>
        half?.outcome === 'answered' ? sortUnique(half.reasons) : [];
      const errored = [permits, forbids, demands].flatMap((half) => (half?.outcome === 'answered' ? half.errored : []));
      if ([permits, forbids, demands].some((half) => half?.outcome !== 'answered')) return undefined;
      return {
        considered: index.slice(built.request).length,
        permits: reasons(permits),
        forbids: reasons(forbids),
        demands: reasons(demands),
        errored: sortUnique(errored),
      };
    },
    release: () => {
      for (const shelf of shelves) shelf.release();
      freeSlots.push(slot);
    },
  };
}
