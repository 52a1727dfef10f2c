import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** What can be wrong before anything is started. The list is closed. */
export type SandboxErrorCode =
  /** Programs that it starts cannot be kept among themselves on this machine, and the operator did not accept that. */
  | 'SANDBOX_CHILDREN_UNCONFINED'
  | 'SANDBOX_CODE_UNREADABLE'
  | 'SANDBOX_CONFIG_INVALID'
  /** The network cannot be closed on this machine, and the operator did not accept that. */
  | 'SANDBOX_NETWORK_UNCONFINED'
  /** This machine cannot confine a process at all. */
  | 'SANDBOX_UNSUPPORTED';

/** A confinement that cannot be had as asked. Nothing was started. */
export class SandboxError extends ExoArmurError<SandboxErrorCode> {
  constructor(code: SandboxErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** Why confined code has no answer. The list is closed; the same codes stand in the `error_code` of an outcome. */
export type ConfinedFailureCode =
  | 'SANDBOX_ANSWER_MALFORMED'
  | 'SANDBOX_ANSWER_MISSING'
  | 'SANDBOX_ANSWER_TOO_LARGE'
  | 'SANDBOX_CANCELLED'
  /** It ended by a signal that nobody sent: out of heap, for one. */
  | 'SANDBOX_CRASHED'
  | 'SANDBOX_MEMORY'
  | 'SANDBOX_OUTPUT'
  | 'SANDBOX_PERMISSION_DENIED'
  | 'SANDBOX_THREW'
  | 'SANDBOX_WALL_CLOCK';

/** Why confined code was not started at all: it is known that nothing happened. */
export type ConfinedRefusalCode =
  /** Of the sandboxed host: the executor declares no such action type. */
  | 'SANDBOX_ACTION_UNSUPPORTED'
  | 'SANDBOX_CANCELLED'
  | 'SANDBOX_CODE_ALTERED'
  | 'SANDBOX_REQUEST_INVALID'
  | 'SANDBOX_START_FAILED';
