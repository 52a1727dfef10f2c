import type { ExecutorIdentity } from '../grant.ts';
import type { ActionClass, ActionIntent } from '../intent.ts';
import type { LimitBreach, OutcomeStatus, TargetVerdict } from '../outcome.ts';
import type { JsonObject } from '../primitives.ts';
import type { CancelSignal, EffectPreview } from './executor.ts';

/** Domain of the digest of an executor's manifest. */
export const EXECUTOR_DIGEST_DOMAIN = 'exoarmur.executor/1';

/** Largest canonical report or evidence of an executor, in bytes; a larger one counts as garbage, because no record could hold it. */
export const MAX_REPORT_BYTES = 2_097_152;

/**
 * How far an executor is separated from the boundary. `in_process_trusted`: not at all, the operator vouches for its code.
 * `child_process`: a process of its own with enforced limits; what is enforced stands in `hosting`.
 */
export type ExecutorIsolation = 'in_process_trusted' | 'child_process';

/** What the executor says of a target, with everything that is not `valid` spelled out. */
export interface HostedCheck {
  readonly result: TargetVerdict;
  readonly reason: string;
  readonly evidence: JsonObject;
}

/** What came of running an executor, never an exception. */
export interface HostedOutcome {
  readonly status: OutcomeStatus;
  readonly errorCode: string | null;
  readonly claimed: JsonObject;
  readonly observed: JsonObject;
  /** Limits the executor ran into, and was stopped for. */
  readonly breaches?: readonly LimitBreach[];
}

/** Keeps executors at arm's length: whatever they do, the boundary gets an answer of known shape in known time. */
export interface ExecutorHost {
  /** Name, version, and digest of the manifest under {@link EXECUTOR_DIGEST_DOMAIN}. */
  readonly identity: ExecutorIdentity;
  /** Action types the manifest declares; the host refuses every other one. */
  readonly actionTypes: readonly string[];
  /** Stands in the evidence of every target validation. */
  readonly isolation: ExecutorIsolation;
  /**
   * What is enforced, and what the operator accepted instead, as it stands in the evidence: mechanisms, limits, and
   * `network_unrestricted: true` where the network is not confined and the operator said so. Absent: nothing is enforced.
   */
  readonly hosting?: JsonObject;
  /** Least class the manifest declares for an action type; null when it declares none. Asked once for each of `actionTypes`. */
  findClassFloor(actionType: string): ActionClass | null;
  /** Has no effect. Anything but a clear `valid` from the executor is a refusal. */
  checkTarget(intent: ActionIntent): Promise<HostedCheck>;
  /** What the effect would be, for the people asked. Has no effect. Null when the executor cannot say, for whatever reason. */
  preview?(intent: ActionIntent): Promise<EffectPreview | null>;
  /** Runs the executor once. Doubt about what happened is `ambiguous`. */
  run(intent: ActionIntent, cancel?: CancelSignal): Promise<HostedOutcome>;
}
