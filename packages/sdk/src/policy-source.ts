import {
  activatePolicyBundle,
  BoundaryError,
  type BoundaryErrorCode,
  openPolicyBundles,
  type PolicyBundles,
} from '@exoarmur/boundary-v2';
import { parseJson, parseVerifierKey } from '@exoarmur/canonical';
import { isExoArmurError, type PolicyDecisionPoint, type PolicySet } from '@exoarmur/contracts';
import {
  assertPolicySet,
  digestPolicySet,
  MAX_POLICY_BUNDLE_BYTES,
  POLICY_SET_LIMITS,
  type PolicyBundleHolder,
  parsePolicySource,
} from '@exoarmur/policy';
import type { BoundaryConfig, BundlePolicy } from './config.ts';
import { SdkError } from './errors.ts';
import { BUNDLE_MAX_AGE_MS, followBundles } from './followed-bundles.ts';
import { isCodedError } from './foreign-code.ts';
import type { PolicyInForce, PolicySource } from './policy-facts.ts';
import { readBounded } from './read-file.ts';

const MAX_ENVELOPE_BYTES = Math.ceil(MAX_POLICY_BUNDLE_BYTES / 3) * 4 + 65_536;

/** What opening policies needs of the boundary that is about to start. */
export interface PolicyOpening {
  /** Adds what the flags demand, makes it ready and keeps it. @throws PolicyError, SdkError SDK_CONFIG_INVALID */
  readonly prepare: (policySet: PolicySet) => PolicyDecisionPoint;
  readonly bundles: Omit<PolicyBundles, 'keyring'>;
}

/**
 * Reads the policies of a configuration. A set in code is the operator's own; a file counts as verified when the
 * configuration pins its digest, and then no other file will do; of bundles the one that is in force governs, also when it is put
 * in force later.
 * @throws SdkError SDK_FILE_UNREADABLE, SDK_POLICY_MISMATCH, SDK_POLICY_NOT_IN_FORCE; PolicyError POLICY_SET_MALFORMED,
 * POLICY_RULE_MALFORMED, POLICY_SET_REFUSED
 */
export async function openPolicy(source: BoundaryConfig['policy'], opening: PolicyOpening): Promise<PolicySource> {
  if ('keyring' in source) return openBundle(source, opening);
  const policySet =
    'set' in source
      ? readSet(source.set)
      : parsePolicySource(readBounded(source.file, POLICY_SET_LIMITS.maxBytes, '/policy/file').bytes);
  const pinned = 'set' in source ? undefined : source.digest;
  if (pinned !== undefined && digestPolicySet(policySet) !== pinned) {
    throw new SdkError('SDK_POLICY_MISMATCH', 'the policy file has another digest', { pointer: '/policy/digest' });
  }
  const policyVerified = 'set' in source || pinned !== undefined;
  const latest: PolicyInForce = {
    decisionPoint: opening.prepare(policySet),
    bounds: {},
    standing: () => ({ policyVerified, degraded: false, bundle: undefined }),
  };
  return {
    latest,
    current: () => latest,
    activate: async () => {
      throw new SdkError('SDK_CONFIG_INVALID', 'the policies do not come as bundles', { pointer: '/policy' });
    },
  };
}

/** A set from code, read once. */
function readSet(set: PolicySet): PolicySet {
  try {
    return assertPolicySet(set);
  } catch (cause) {
    if (isCodedError(cause)) throw cause;
    // A getter or a trap of the set may throw anything.
    throw new SdkError('SDK_CONFIG_INVALID', 'the policy set cannot be read', { pointer: '/policy/set', cause });
  }
}

/** A bundle that is refused leaves the one in force, and the cell degraded; without one in force nothing starts. */
async function openBundle(source: BundlePolicy, { prepare, bundles }: PolicyOpening): Promise<PolicySource> {
  const keyring = new Map([[bundles.tenant, { keys: readKeys(source.keyring), threshold: source.threshold ?? 1 }]]);
  const known = { ...bundles, keyring };
  const holder = await startHolder(source, known);
  const active = holder.active();
  if (active === null) {
    const { reason } = holder.standing();
    throw new SdkError('SDK_POLICY_NOT_IN_FORCE', `no policy bundle is in force: ${reason}`, { pointer: '/policy' });
  }
  return followBundles({
    bundles: known,
    load: ({ policySet }) => prepare(policySet),
    maxAgeMs: source.maxAgeMs ?? BUNDLE_MAX_AGE_MS,
    start: { holder, active },
  });
}

async function startHolder({ bundle, override }: BundlePolicy, bundles: PolicyBundles): Promise<PolicyBundleHolder> {
  if (bundle === undefined) return openPolicyBundles(bundles);
  try {
    return (await activatePolicyBundle(bundles, readBundle(bundle), override)).holder;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return openPolicyBundles(bundles);
  }
}

/** Whether a bundle was refused, on record; anything else keeps a boundary from starting. */
function isRefusal(error: unknown): boolean {
  return error instanceof BoundaryError && REFUSALS.has(error.code);
}

/** INVARIANT: codes that judge the bundle; one that is not in this list says something of the moment or of the store. */
const REFUSALS: ReadonlySet<string> = new Set<BoundaryErrorCode>([
  'BOUNDARY_POLICY_BUNDLE_MALFORMED',
  'BOUNDARY_POLICY_DIGEST_MISMATCH',
  'BOUNDARY_POLICY_DOWNGRADED',
  'BOUNDARY_POLICY_ENGINE_MISMATCH',
  'BOUNDARY_POLICY_EXPIRED',
  'BOUNDARY_POLICY_FOREIGN_TENANT',
  'BOUNDARY_POLICY_NOT_YET_VALID',
  'BOUNDARY_POLICY_PAYLOAD_TYPE_UNKNOWN',
  'BOUNDARY_POLICY_SET_REFUSED',
  'BOUNDARY_POLICY_SIGNATURE_INVALID',
  'BOUNDARY_POLICY_SUPERSEDED',
]);

/** A file that is no JSON is no bundle, and is refused as one. */
function readBundle(bundle: NonNullable<BundlePolicy['bundle']>): unknown {
  if ('envelope' in bundle) return bundle.envelope;
  const { bytes } = readBounded(bundle.file, MAX_ENVELOPE_BYTES, '/policy/bundle/file');
  try {
    return parseJson(bytes, { maxBytes: MAX_ENVELOPE_BYTES });
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}

function readKeys(keyring: readonly string[]) {
  return keyring.map((vkey, index) => {
    try {
      return parseVerifierKey(vkey);
    } catch (cause) {
      if (!isExoArmurError(cause)) throw cause;
      const pointer = `/policy/keyring/${index}`;
      throw new SdkError('SDK_CONFIG_INVALID', 'that is no verifier key', { pointer, cause });
    }
  });
}
