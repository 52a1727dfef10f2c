import type { Digest } from '@exoarmur/canonical';
import type { Decision, DecisionRequest, PdpResult, PolicyEvaluator, PolicySet } from '@exoarmur/contracts';
import { type CompileAnswer, compilePolicySet, summarizeProblems } from './cedar/compile.ts';
import { CEDAR_ENGINE } from './cedar/identity.ts';
import { type PreparedPolicySet, preparePolicySet } from './cedar/prepared-set.ts';
import { assertDecisionRequest, composeDecision } from './decision.ts';
import { PolicyError } from './errors.ts';
import { digestPolicySet } from './policy-set.ts';
import { denyAsk, evaluatePolicies } from './policy-verdict.ts';

type Loaded =
  | { readonly outcome: 'ready'; readonly prepared: PreparedPolicySet }
  | { readonly outcome: 'refused'; readonly rationale: string };

/** How many policy sets one evaluator keeps parsed; the least recently used one makes room. */
const KEPT_SETS = 8;

// The engine keeps parsed sets for the whole process under a name and never lets go of one: names are reused, not piled up.
let evaluators = 0;

/**
 * The evaluator of this package: Cedar, the safety gate and the resolution as one pure function of its request. A policy
 * set that is not sound, an engine that fails or a policy that errs denies with the reason; the only errors are about the
 * request itself: PolicyError POLICY_REQUEST_MALFORMED and POLICY_DIGEST_MISMATCH.
 */
export function createCedarEvaluator(): PolicyEvaluator {
  evaluators += 1;
  const prefix = `exoarmur/${evaluators}`;
  const kept = new Map<Digest, { readonly slot: string; readonly loaded: Loaded }>();
  const digests = new WeakMap<PolicySet, Digest>();

  function load(policySet: PolicySet, digest: Digest): Loaded {
    const found = kept.get(digest);
    if (found !== undefined) {
      kept.delete(digest);
      kept.set(digest, found);
      return found.loaded;
    }
    let slot = `${prefix}/${kept.size}`;
    if (kept.size >= KEPT_SETS) {
      const [oldest] = kept;
      if (oldest !== undefined) {
        kept.delete(oldest[0]);
        slot = oldest[1].slot;
        if (oldest[1].loaded.outcome === 'ready') oldest[1].loaded.prepared.release();
      }
    }
    const loaded = loadInto(slot, policySet);
    kept.set(digest, { slot, loaded });
    return loaded;
  }

  function digestOf(policySet: PolicySet): Digest {
    const known = digests.get(policySet);
    if (known !== undefined) return known;
    const digest = digestPolicySet(policySet);
    // The digest of a set that could still change is taken anew each time; what is frozen stays so.
    if (Object.isFrozen(policySet) && Object.isFrozen(policySet.policies)) digests.set(policySet, digest);
    return digest;
  }

  return {
    engine: CEDAR_ENGINE,
    evaluate: async (request): Promise<Decision> => {
      assertDecisionRequest(request);
      if (digestOf(request.policySet) !== request.policyDigest) {
        throw new PolicyError('POLICY_DIGEST_MISMATCH', 'the policy set is not the one that the digest names', {
          pointer: '/policyDigest',
        });
      }
      const loaded = load(request.policySet, request.policyDigest);
      return composeDecision(request, askPolicies(loaded, request), request.policyDigest);
    },
  };
}

function askPolicies(loaded: Loaded, { intent, facts }: DecisionRequest): PdpResult {
  return loaded.outcome === 'ready'
    ? evaluatePolicies(loaded.prepared, intent, facts)
    : denyAsk(`the policy set is refused: ${loaded.rationale}`);
}

function loadInto(slot: string, policySet: PolicySet): Loaded {
  const refused: Loaded = { outcome: 'refused', rationale: 'the policy engine could not read it' };
  try {
    const answer: CompileAnswer = compilePolicySet(policySet);
    if (answer.outcome === 'refused') return { outcome: 'refused', rationale: summarizeProblems(answer.problems) };
    const prepared = preparePolicySet(answer.compiled, slot);
    return prepared === undefined ? refused : { outcome: 'ready', prepared };
  } catch {
    // SECURITY: the engine threw while reading a policy set; a set that cannot be read denies everything.
    return refused;
  }
}
