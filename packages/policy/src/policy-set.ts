import { CanonicalError, type Digest, digestValue, parseJson } from '@exoarmur/canonical';
import { POLICY_SET_DIGEST_DOMAIN, type PolicySet, pointToProblem, policySetSchema } from '@exoarmur/contracts';
import { PolicyError } from './errors.ts';

/** Limits of one policy set; a larger one is refused before anything is parsed as Cedar. */
export const POLICY_SET_LIMITS = { maxPolicies: 20_000, maxBytes: 16_777_216 } as const;

/**
 * Reads a policy set from JSON text or bytes: strict I-JSON, the closed shape of `exoarmur.policy-set/1`, the limits.
 * Whether the Cedar inside is sound is asked by whoever decides under it. @throws PolicyError POLICY_SET_MALFORMED
 */
export function parsePolicySet(input: string | Uint8Array): PolicySet {
  let value: unknown;
  try {
    value = parseJson(input, { maxBytes: POLICY_SET_LIMITS.maxBytes });
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    throw new PolicyError('POLICY_SET_MALFORMED', `the policy set is not strict json: ${error.message}`, {
      pointer: error.pointer ?? '',
      cause: error,
    });
  }
  return assertPolicySet(value);
}

/** Narrows a parsed value to a policy set. @throws PolicyError POLICY_SET_MALFORMED */
export function assertPolicySet(value: unknown): PolicySet {
  const parsed = policySetSchema.safeParse(value);
  if (!parsed.success) {
    throw new PolicyError('POLICY_SET_MALFORMED', 'the policy set does not have the shape of exoarmur.policy-set/1', {
      pointer: pointToProblem(parsed.error),
    });
  }
  const count = Object.keys(parsed.data.policies).length;
  if (count > POLICY_SET_LIMITS.maxPolicies) {
    throw new PolicyError(
      'POLICY_SET_MALFORMED',
      `a policy set holds at most ${POLICY_SET_LIMITS.maxPolicies} policies`,
      {
        pointer: '/policies',
      },
    );
  }
  return parsed.data;
}

/** The digest every decision names: domain `exoarmur.policy-set/1` over the canonical bytes of the whole set. */
export function digestPolicySet(policySet: PolicySet): Digest {
  return digestValue(POLICY_SET_DIGEST_DOMAIN, policySet);
}
