import type { FactSource } from '@exoarmur/boundary-v2';
import type { DowngradeOverride, Facts, PolicyBounds, PolicyDecisionPoint } from '@exoarmur/contracts';
import { mergeSwitches, switchesOf } from '@exoarmur/policy';

/** How the policies stand at one moment. */
export interface PolicyMoment {
  readonly policyVerified: boolean;
  readonly degraded: boolean;
  /** The bundle that governs; undefined where policies come otherwise. */
  readonly bundle: Facts['policy_bundle'];
}

/** What the policies of a boundary say about its facts. */
export interface PolicyFacts {
  readonly bounds: PolicyBounds;
  standing(): PolicyMoment;
}

/** The policies that govern a decision, with what they say about its facts. */
export interface PolicyInForce extends PolicyFacts {
  readonly decisionPoint: PolicyDecisionPoint;
}

/** Where the policies of a boundary come from as long as it runs. */
export interface PolicySource {
  /** Those that governed last. */
  readonly latest: PolicyInForce;
  /** Those that govern a decision that is taken now. Never rejects: what cannot be known stands in their facts. */
  current(): Promise<PolicyInForce> | PolicyInForce;
  /** Puts a signed bundle in force, on record. @throws BoundaryError as activatePolicyBundle; SdkError SDK_CONFIG_INVALID */
  activate(envelope: unknown, override: DowngradeOverride | undefined): Promise<void>;
}

/** What does not change while a boundary runs. */
export interface FlagFacts {
  readonly flags: NonNullable<Facts['flags']>;
  readonly flag_sources: NonNullable<Facts['flag_sources']>;
}

/**
 * A fact source under the policies of a boundary: whether they are verified is asked at each decision, the bundle's switches
 * stop beside the others, its pins are the trust of their actors, and a bundle that stands badly degrades the cell.
 */
export function governFacts(source: FactSource, policy: PolicyFacts, flagFacts: FlagFacts): FactSource {
  const { bounds } = policy;
  const pins = new Map(Object.entries(bounds.trust_pins ?? {}));
  const engaged = switchesOf(bounds);
  return {
    gather: async (intent) => {
      const facts = await source.gather(intent);
      const { policyVerified, degraded, bundle } = policy.standing();
      const { environment } = facts;
      return {
        ...facts,
        ...flagFacts,
        policy_verified: policyVerified,
        switches: mergeSwitches(facts.switches, engaged),
        trust_milli: pins.get(intent.actor_id) ?? facts.trust_milli,
        // What nobody knows stays unknown, which is stricter than degraded.
        environment: degraded && environment.degraded !== null ? { ...environment, degraded } : environment,
        ...(bundle === undefined ? {} : { policy_bundle: bundle }),
      };
    },
  };
}
