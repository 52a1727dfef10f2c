import type { Decision, Facts, SwitchState } from '../decision.ts';
import type { ActionIntent } from '../intent.ts';
import type { EngineIdentity, PolicySet } from '../policy-set.ts';
import type { Digest } from '../primitives.ts';

/** All that a decision may read. */
export interface DecisionRequest {
  readonly intent: ActionIntent;
  readonly intentDigest: Digest;
  readonly facts: Facts;
}

/** Decides under the policy set in force. Never throws on a policy or engine fault: it denies and says why. */
export interface PolicyDecisionPoint {
  /** Digest of the policy set in force. */
  readonly policyDigest: Digest;
  readonly policySet: PolicySet;
  readonly engine: EngineIdentity;
  decide(request: DecisionRequest): Promise<Decision>;
}

/** Decides again under a given policy set, as a pure function: the port through which a verifier re-executes. */
export interface PolicyEvaluator {
  readonly engine: EngineIdentity;
  evaluate(
    request: DecisionRequest & { readonly policySet: PolicySet; readonly policyDigest: Digest },
  ): Promise<Decision>;
}

/** Kill switches as the boundary reads them. */
export interface SwitchStore {
  /** State of each switch that concerns the action; `unknown` when it cannot be had or is stale. */
  read(scope: {
    readonly tenant: string;
    readonly actor: string;
    readonly actionClass: string;
  }): Promise<Readonly<Record<'global' | 'tenant' | 'actor' | 'action_class', SwitchState>>>;
}
