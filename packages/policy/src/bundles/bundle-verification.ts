import {
  CanonicalError,
  type Digest,
  digestValue,
  parseCanonicalJson,
  parseTime,
  type VerifierKey,
  verifyEnvelope,
} from '@exoarmur/canonical';
import {
  type DowngradeOverride,
  downgradeOverrideSchema,
  type EngineIdentity,
  POLICY_BUNDLE_DIGEST_DOMAIN,
  POLICY_BUNDLE_PAYLOAD_TYPE,
  type PolicyBundle,
  type PolicySet,
  policyBundleSchema,
} from '@exoarmur/contracts';
import { compilePolicySet, type PolicyProblem } from '../cedar/compile.ts';
import { CEDAR_ENGINE } from '../cedar/identity.ts';
import { digestPolicySet, POLICY_SET_LIMITS } from '../policy-set.ts';
import { BOUNDS_POLICY_PREFIX, formatGoverningSet } from './policy-bounds.ts';
import { MAX_POLICY_BUNDLE_BYTES } from './policy-bundle.ts';

/** Why a bundle was refused: the first that applies, in the order of `spec/policy-bundle.md`. */
export type BundleRefusal =
  | 'bundle_malformed'
  | 'digest_mismatch'
  | 'downgraded'
  | 'engine_mismatch'
  | 'expired'
  | 'foreign_tenant'
  | 'not_yet_valid'
  | 'payload_type_unknown'
  | 'set_refused'
  | 'signature_invalid';

/** Whose bundles count for one tenant: how many distinct ones of these keys have to sign. */
export interface SignerSet {
  readonly keys: readonly VerifierKey[];
  readonly threshold: number;
}

/** Options of {@link verifyPolicyBundle}. */
export interface BundleVerification {
  /** By tenant. A tenant without an entry has no bundle that counts. */
  readonly keyring: ReadonlyMap<string, SignerSet>;
  readonly tenant: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The bundle that was activated last, null when there was none. */
  readonly active: { readonly version: number; readonly bundleDigest: Digest } | null;
  /** Lets exactly the bundle it names be older than the active one. One that is malformed or names another lets nothing. */
  readonly override?: DowngradeOverride | undefined;
}

/** The answer of {@link verifyPolicyBundle}. */
export type BundleVerdict =
  | {
      readonly outcome: 'valid';
      readonly bundle: PolicyBundle;
      readonly bundleDigest: Digest;
      /** The policies that govern under it. */
      readonly policySet: PolicySet;
      readonly keys: readonly VerifierKey[];
      /** The override without which it were a downgrade, else null. */
      readonly override: DowngradeOverride | null;
    }
  | {
      readonly outcome: 'refused';
      readonly reason: BundleRefusal;
      /** What the engine says about the set; empty for any other reason than `set_refused`. */
      readonly problems: readonly PolicyProblem[];
    };

/**
 * Says whether a tenant may be governed by a bundle (attacker-controlled): signatures first, and everything from the signed
 * bytes. The bundle already active is valid again. @throws RangeError for a time or threshold that is no such integer
 */
export function verifyPolicyBundle(envelope: unknown, options: BundleVerification): BundleVerdict {
  const { keyring, tenant, now, active } = options;
  if (!Number.isSafeInteger(now)) throw new RangeError('the time must be whole milliseconds');
  if (isOversized(envelope)) return refuse('bundle_malformed');
  const verified = verifyEnvelope(envelope, keyring.get(tenant) ?? { keys: [], threshold: 1 });
  if (verified.outcome === 'invalid') return refuse('signature_invalid');
  if (verified.payloadType !== POLICY_BUNDLE_PAYLOAD_TYPE) return refuse('payload_type_unknown');
  const bundle = readBundle(verified.payload);
  if (bundle === undefined) return refuse('bundle_malformed');
  if (bundle.tenant_id !== tenant) return refuse('foreign_tenant');
  if (now < parseTime(bundle.issued_at)) return refuse('not_yet_valid');
  if (now >= parseTime(bundle.expires_at)) return refuse('expired');
  const bundleDigest = digestValue(POLICY_BUNDLE_DIGEST_DOMAIN, bundle);
  const isDowngrade = active !== null && bundle.version <= active.version && bundleDigest !== active.bundleDigest;
  const override = isDowngrade ? readOverride(options.override, bundleDigest) : null;
  if (override === undefined) return refuse('downgraded');
  if (digestPolicySet(bundle.policy_set) !== bundle.policy_digest) return refuse('digest_mismatch');
  if (!isThisEngine(bundle.engine)) return refuse('engine_mismatch');
  const policySet = formatGoverningSet(bundle);
  const answer = compilePolicySet(policySet);
  if (answer.outcome === 'refused') return refuse('set_refused', answer.problems);
  return { outcome: 'valid', bundle, bundleDigest, policySet, keys: verified.keys, override };
}

/** Nothing is decoded or hashed of a payload that could not be a bundle. */
function isOversized(envelope: unknown): boolean {
  if (typeof envelope !== 'object' || envelope === null || !('payload' in envelope)) return false;
  const { payload } = envelope;
  return typeof payload === 'string' && payload.length > Math.ceil(MAX_POLICY_BUNDLE_BYTES / 3) * 4;
}

function readBundle(payload: Uint8Array): PolicyBundle | undefined {
  let value: unknown;
  try {
    value = parseCanonicalJson(payload, { maxBytes: MAX_POLICY_BUNDLE_BYTES });
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
  const parsed = policyBundleSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const ids = Object.keys(parsed.data.policy_set.policies);
  // A policy with such a name would be replaced by one of the bounds, or pass for one.
  if (ids.length > POLICY_SET_LIMITS.maxPolicies || ids.some((id) => id.startsWith(BOUNDS_POLICY_PREFIX)))
    return undefined;
  return parsed.data;
}

function readOverride(override: unknown, bundleDigest: Digest): DowngradeOverride | undefined {
  const parsed = downgradeOverrideSchema.safeParse(override);
  return parsed.success && parsed.data.bundle_digest === bundleDigest ? parsed.data : undefined;
}

function isThisEngine({ name, version, digest }: EngineIdentity): boolean {
  return name === CEDAR_ENGINE.name && version === CEDAR_ENGINE.version && digest === CEDAR_ENGINE.digest;
}

function refuse(reason: BundleRefusal, problems: readonly PolicyProblem[] = []): BundleVerdict {
  return { outcome: 'refused', reason, problems };
}
