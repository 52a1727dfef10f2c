import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts/errors';

/**
 * Every code an executor of this package refuses or fails with. The list is closed; the same codes stand in the
 * `error_code` of an outcome and in the evidence of a refused target.
 */
export type ExecutorErrorCode =
  | 'EXECUTOR_ABORTED'
  | 'EXECUTOR_ACTION_UNSUPPORTED'
  | 'EXECUTOR_ADDRESS_FORBIDDEN'
  | 'EXECUTOR_ARGUMENTS_NOT_ALLOWED'
  | 'EXECUTOR_BINARY_CHANGED'
  | 'EXECUTOR_CONFIG_INVALID'
  | 'EXECUTOR_CONNECT_FAILED'
  | 'EXECUTOR_EXIT_STATUS'
  | 'EXECUTOR_HTTP_STATUS'
  | 'EXECUTOR_IO_FAILED'
  | 'EXECUTOR_NAME_NOT_RESOLVED'
  | 'EXECUTOR_NOT_STARTED'
  | 'EXECUTOR_OPERATION_NOT_ALLOWED'
  | 'EXECUTOR_PARAMETERS_MALFORMED'
  | 'EXECUTOR_POSTCONDITION_FAILED'
  | 'EXECUTOR_REDIRECT_REFUSED'
  | 'EXECUTOR_RESPONSE_FAILED'
  | 'EXECUTOR_RESPONSE_TOO_LARGE'
  | 'EXECUTOR_ROOT_UNAVAILABLE'
  | 'EXECUTOR_TARGET_EXISTS'
  | 'EXECUTOR_TARGET_HARD_LINKED'
  | 'EXECUTOR_TARGET_IS_LINK'
  | 'EXECUTOR_TARGET_MALFORMED'
  | 'EXECUTOR_TARGET_NOT_ALLOWED'
  | 'EXECUTOR_TARGET_NOT_A_FILE'
  | 'EXECUTOR_TARGET_NOT_FOUND'
  | 'EXECUTOR_TARGET_OUTSIDE_ROOTS'
  | 'EXECUTOR_TARGET_RENAMED'
  | 'EXECUTOR_TARGET_TOO_LARGE';

/** The error of the executors: a target, a parameter or a file system that does not allow what was asked. */
export class ExecutorError extends ExoArmurError<ExecutorErrorCode> {
  constructor(code: ExecutorErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
