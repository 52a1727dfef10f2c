import { type Digest, encodeHex, formatTime, parseTime } from '@exoarmur/canonical';
import type { Clock, DowngradeOverride, PolicyActivated, PolicyBundle, PolicySet } from '@exoarmur/contracts';
import { type BundleRefusal, type BundleVerdict, type SignerSet, verifyPolicyBundle } from './bundle-verification.ts';

/** The bundle that governs. */
export interface ActiveBundle {
  readonly bundle: PolicyBundle;
  readonly bundleDigest: Digest;
  /** The policies that govern under it. */
  readonly policySet: PolicySet;
}

/** How the policies of a tenant stand: two values for the facts, and why. */
export interface PolicyStanding {
  /** For `policy_verified`: a bundle is active, and valid at this moment. */
  readonly policyVerified: boolean;
  /** For `environment.degraded`: true also while the last bundle that was handed in is not the one that governs. */
  readonly degraded: boolean;
  readonly reason: BundleRefusal | 'behind_log' | 'none_active' | null;
}

/** The answer to an activation. What was activated is to be recorded by the caller before the next decision. */
export type ActivationVerdict =
  | { readonly outcome: 'activated'; readonly active: ActiveBundle; readonly record: PolicyActivated }
  | Extract<BundleVerdict, { readonly outcome: 'refused' }>;

/** Options of {@link createPolicyBundleHolder}. */
export interface PolicyBundleHolderOptions {
  readonly tenant: string;
  readonly keyring: ReadonlyMap<string, SignerSet>;
  readonly clock: Clock;
  /** From the last `policy_activated` of the log, so that a restart forgets no version; null for a tenant without one. */
  readonly last: { readonly version: number; readonly bundleDigest: Digest } | null;
  /** The bundle that governed before a restart, verified again; null for none. One that is not the last is behind the log. */
  readonly active?: ActiveBundle | null;
  /** Why the last bundle was refused that was handed in before a restart; null when it was taken. */
  readonly refusal?: BundleRefusal | null;
}

/** The last bundle of one tenant that is known to be good, in memory. */
export interface PolicyBundleHolder {
  /** Puts a bundle (attacker-controlled) in the place of the active one, or leaves that as it is. */
  activate(envelope: unknown, override?: DowngradeOverride): ActivationVerdict;
  /** Null until one was activated. */
  active(): ActiveBundle | null;
  /** Asks the clock: a bundle that was good when it was activated expires. */
  standing(): PolicyStanding;
}

/** Creates a holder. A refused activation changes nothing but the standing, until one succeeds. */
export function createPolicyBundleHolder(options: PolicyBundleHolderOptions): PolicyBundleHolder {
  const { tenant, keyring, clock } = options;
  let last = options.last;
  let active = options.active ?? null;
  let refusal = options.refusal ?? null;

  return {
    activate: (envelope, override) => {
      const now = clock.now();
      const verdict = verifyPolicyBundle(envelope, { keyring, tenant, now, active: last, override });
      if (verdict.outcome === 'refused') {
        refusal = verdict.reason;
        return verdict;
      }
      const { bundle, bundleDigest, policySet, keys } = verdict;
      const record: PolicyActivated = {
        schema: 'exoarmur.policy-activated/1',
        tenant_id: tenant,
        bundle_id: bundle.bundle_id,
        version: bundle.version,
        bundle_digest: bundleDigest,
        policy_digest: bundle.policy_digest,
        engine: bundle.engine,
        key_ids: keys.map(({ keyId }) => encodeHex(keyId)).sort(),
        activated_at: formatTime(now),
        expires_at: bundle.expires_at,
        previous: last === null ? null : { version: last.version, bundle_digest: last.bundleDigest },
        override: verdict.override,
      };
      active = { bundle, bundleDigest, policySet };
      last = { version: bundle.version, bundleDigest };
      refusal = null;
      return { outcome: 'activated', active, record };
    },
    active: () => active,
    standing: () => {
      const outside = active === null ? 'none_active' : outsideForce(active, clock.now());
      const reason = outside ?? refusal;
      return { policyVerified: outside === null, degraded: reason !== null, reason };
    },
  };

  function outsideForce({ bundle, bundleDigest }: ActiveBundle, now: number): PolicyStanding['reason'] {
    // SECURITY: a store that was put back would put old policies in force again; the log remembers newer ones.
    return last === null || last.bundleDigest === bundleDigest ? outsideValidity(bundle, now) : 'behind_log';
  }
}

function outsideValidity(bundle: PolicyBundle, now: number): BundleRefusal | null {
  // SECURITY: written so that a clock that says NaN is outside.
  if (!(now >= parseTime(bundle.issued_at))) return 'not_yet_valid';
  return now < parseTime(bundle.expires_at) ? null : 'expired';
}
