import { canonicalizeToBytes, type DsseEnvelope, type NamedSigner, signEnvelope } from '@exoarmur/canonical';
import {
  POLICY_BUNDLE_PAYLOAD_TYPE,
  type PolicyBundle,
  type PolicySet,
  pointToProblem,
  policyBundleSchema,
  quoteForMessage,
} from '@exoarmur/contracts';
import { compilePolicySet } from '../cedar/compile.ts';
import { CEDAR_ENGINE } from '../cedar/identity.ts';
import { PolicyError } from '../errors.ts';
import { assertPolicySet, digestPolicySet, POLICY_SET_LIMITS } from '../policy-set.ts';
import { BOUNDS_POLICY_PREFIX, formatGoverningSet } from './policy-bounds.ts';

/** Largest payload of a policy bundle, in bytes: the largest policy set and what is said about it. */
export const MAX_POLICY_BUNDLE_BYTES = POLICY_SET_LIMITS.maxBytes + 8192;

/**
 * A bundle of a policy set for the engine of this package, which has compiled it.
 * @throws PolicyError POLICY_BUNDLE_MALFORMED, POLICY_SET_MALFORMED, POLICY_SET_REFUSED
 */
export function createPolicyBundle(
  about: Pick<PolicyBundle, 'bounds' | 'bundle_id' | 'expires_at' | 'issued_at' | 'tenant_id' | 'version'>,
  policySet: PolicySet,
): PolicyBundle {
  const { bounds, bundle_id, expires_at, issued_at, tenant_id, version } = about;
  const policy_set = assertPolicySet(policySet);
  const added = bounds === undefined ? {} : { bounds };
  const answer = compilePolicySet(formatGoverningSet({ policy_set, ...added }));
  if (answer.outcome === 'refused') {
    const [{ policy, message }] = answer.problems;
    throw new PolicyError('POLICY_SET_REFUSED', `${policy ?? 'the set'}: ${message}`);
  }
  const bundle: PolicyBundle = {
    schema: 'exoarmur.policy-bundle/1',
    bundle_id,
    tenant_id,
    version,
    issued_at,
    expires_at,
    engine: { ...CEDAR_ENGINE },
    policy_digest: digestPolicySet(policy_set),
    policy_set,
    ...added,
  };
  return assertPolicyBundle(bundle);
}

/** Signs a bundle: its canonical bytes in a DSSE envelope. @throws PolicyError POLICY_BUNDLE_MALFORMED */
export function signPolicyBundle(bundle: PolicyBundle, signers: readonly NamedSigner[]): DsseEnvelope {
  const payload = canonicalizeToBytes(assertPolicyBundle(bundle));
  if (payload.length > MAX_POLICY_BUNDLE_BYTES) throw malformed('/policy_set', 'the bundle is too large');
  return signEnvelope({ payloadType: POLICY_BUNDLE_PAYLOAD_TYPE, payload, signers });
}

function assertPolicyBundle(bundle: PolicyBundle): PolicyBundle {
  const parsed = policyBundleSchema.safeParse(bundle);
  if (!parsed.success) throw malformed(pointToProblem(parsed.error), 'the bundle has not its shape');
  const { issued_at, expires_at, policy_digest, policy_set } = parsed.data;
  const taken = Object.keys(policy_set.policies).find((id) => id.startsWith(BOUNDS_POLICY_PREFIX));
  if (taken !== undefined) throw malformed('/policy_set/policies', `no policy may be named ${quoteForMessage(taken)}`);
  if (expires_at <= issued_at) throw malformed('/expires_at', 'the bundle would never be valid');
  if (digestPolicySet(policy_set) !== policy_digest) throw malformed('/policy_digest', 'the digest is of another set');
  return parsed.data;
}

function malformed(pointer: string, message: string): PolicyError {
  return new PolicyError('POLICY_BUNDLE_MALFORMED', message, { pointer });
}
