import { activatePolicyBundle, openPolicyBundles, type PolicyBundles } from '@exoarmur/boundary-v2';
import { type ActivationMark, isExoArmurError, type PolicyDecisionPoint } from '@exoarmur/contracts';
import type { ActiveBundle, PolicyBundleHolder, PolicyStanding } from '@exoarmur/policy';
import { answerWithin } from './pause.ts';
import type { PolicyInForce, PolicySource } from './policy-facts.ts';

/** How long an answer about which bundle is in force is good for unless told, in milliseconds. */
export const BUNDLE_MAX_AGE_MS = 1000;

/** For a question to the store, and for reading and verifying the largest bundle. */
const ASK_TIMEOUT_MS = 1000;
const OPEN_TIMEOUT_MS = 60_000;

/** What following the bundles of a store stands on. */
export interface FollowedBundles {
  readonly bundles: PolicyBundles;
  /** Makes the policies of a bundle ready and keeps them. @throws ExoArmurError for those that nothing can be decided under */
  readonly load: (active: ActiveBundle) => PolicyDecisionPoint;
  /** 0 asks before each decision. */
  readonly maxAgeMs: number;
  /** What governs at the start. */
  readonly start: { readonly holder: PolicyBundleHolder; readonly active: ActiveBundle };
}

/** A bundle and its policies, which stay together. */
interface Governing {
  readonly active: ActiveBundle;
  readonly decisionPoint: PolicyDecisionPoint;
}

/** Why a bundle governs that is not, or may not be, the one in force. */
type Fault = 'behind_log' | 'not_loaded' | 'unreadable';

/**
 * Follows the bundle in force in the store of a cell, whoever puts it there. The store is asked when the last answer is older
 * than `maxAgeMs`; decisions that begin at the same time share one question. SECURITY: while what was put in force does not load
 * here, and while the store does not answer, the last bundle known to be good governs, as not verified and degraded.
 */
export function followBundles({ bundles, load, maxAgeMs, start }: FollowedBundles): PolicySource {
  const { clock, activations } = bundles;
  let governing: Governing = { active: start.active, decisionPoint: load(start.active) };
  // None at first: what another process put in force while this one started shows at the first question.
  let known: ActivationMark | undefined;
  let settled = describe(governing, () => start.holder.standing());
  let latest = settled;
  let checkedAt = readClock();
  let refreshing: Promise<void> | undefined;

  const isFresh = (): boolean => {
    // SECURITY: written so that with a clock that went back, or says NaN, no answer is fresh.
    const age = readClock() - checkedAt;
    return age >= 0 && age < maxAgeMs;
  };

  /** A clock that fails makes no answer fresh, and no activation that is on record fail. */
  function readClock(): number {
    try {
      return clock.now();
    } catch {
      return Number.NaN;
    }
  }

  /** No await in here: what governs changes in one step. */
  function adopt(holder: PolicyBundleHolder): void {
    const active = holder.active();
    const isBehind = holder.standing().reason === 'behind_log';
    if (active !== null && active.bundleDigest !== governing.active.bundleDigest) {
      const decisionPoint = isBehind ? undefined : loadIfSound(active);
      if (decisionPoint === undefined) {
        settled = describe(governing, faulty(isBehind ? 'behind_log' : 'not_loaded'));
        return;
      }
      governing = { active, decisionPoint };
    }
    settled = describe(governing, active === null ? faulty('not_loaded') : () => holder.standing());
  }

  function loadIfSound(active: ActiveBundle): PolicyDecisionPoint | undefined {
    try {
      return load(active);
    } catch (error) {
      if (!isExoArmurError(error)) throw error;
      return undefined;
    }
  }

  async function refresh(): Promise<void> {
    const askedAt = readClock();
    try {
      const mark = await answerWithin(ASK_TIMEOUT_MS, () => activations.findMark());
      if (!isSame(mark, known)) {
        adopt(await answerWithin(OPEN_TIMEOUT_MS, () => openPolicyBundles(bundles)));
        known = mark;
      }
      latest = settled;
      checkedAt = askedAt;
    } catch {
      // A store may fail in any way. What it would say is not known, and it is asked again for the next decision.
      latest = describe(governing, faulty('unreadable'));
    }
  }

  const current = (): Promise<PolicyInForce> | PolicyInForce => (isFresh() ? latest : askFirst());

  async function askFirst(): Promise<PolicyInForce> {
    // A question that was put before this decision began may be too old for it.
    await refreshing;
    if (!isFresh()) {
      refreshing ??= refresh().finally(() => {
        refreshing = undefined;
      });
      await refreshing;
    }
    return latest;
  }

  return {
    get latest() {
      return latest;
    },
    current,
    activate: async (envelope, override) => {
      try {
        await activatePolicyBundle(bundles, envelope, override);
      } finally {
        // A question from before the activation would pass for a young one.
        await refreshing;
        checkedAt = Number.NaN;
        await current();
      }
    },
  };
}

function describe({ active, decisionPoint }: Governing, stand: () => PolicyStandingOf): PolicyInForce {
  const { bundle, bundleDigest } = active;
  return {
    decisionPoint,
    bounds: bundle.bounds ?? {},
    standing: () => {
      const { policyVerified, degraded, reason } = stand();
      return { policyVerified, degraded, bundle: { bundle_digest: bundleDigest, version: bundle.version, reason } };
    },
  };
}

type PolicyStandingOf = Omit<PolicyStanding, 'reason'> & { readonly reason: PolicyStanding['reason'] | Fault };

function faulty(reason: Fault): () => PolicyStandingOf {
  return () => ({ policyVerified: false, degraded: true, reason });
}

function isSame(a: ActivationMark, b: ActivationMark | undefined): boolean {
  return (
    b !== undefined && a.generation === b.generation && a.activatedAt === b.activatedAt && a.refusedAt === b.refusedAt
  );
}
