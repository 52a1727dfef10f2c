import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code an {@link SdkError} can carry. The list is closed: a new code is a visible change of this package. */
export type SdkErrorCode =
  | 'SDK_ACTION_AMBIGUOUS'
  | 'SDK_ACTION_DENIED'
  | 'SDK_ACTION_FAILED'
  | 'SDK_ACTION_PENDING'
  | 'SDK_ANSWER_MALFORMED'
  | 'SDK_ANSWER_REFUSED'
  | 'SDK_BOUNDARY_CLOSED'
  | 'SDK_CALL_MALFORMED'
  | 'SDK_CONFIG_INVALID'
  | 'SDK_FILE_UNREADABLE'
  | 'SDK_FLAG_UNMET'
  | 'SDK_FLAG_UNSUPPORTED'
  | 'SDK_INPUT_MALFORMED'
  | 'SDK_KEY_EXPOSED'
  | 'SDK_OUTPUT_NOT_KEPT'
  | 'SDK_POLICY_MISMATCH'
  | 'SDK_POLICY_NOT_IN_FORCE'
  | 'SDK_PRESENCE_UNAVAILABLE'
  | 'SDK_STREAM_UNKNOWN'
  | 'SDK_STREAM_UNSOUND'
  | 'SDK_TOOL_INVALID'
  | 'SDK_TOOL_TAKEN'
  | 'SDK_TRAY_UNAVAILABLE';

/** The error of the sdk: a configuration that cannot be started, or a governed call that did not complete. */
export class SdkError extends ExoArmurError<SdkErrorCode> {
  constructor(code: SdkErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
