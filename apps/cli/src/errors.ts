import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code of a {@link CliError}. */
export type CliErrorCode =
  | 'CLI_USAGE'
  | 'CLI_INPUT_UNREADABLE'
  | 'CLI_INPUT_TOO_LARGE'
  | 'CLI_OUTPUT_EXISTS'
  | 'CLI_OUTPUT_UNWRITABLE'
  | 'CLI_KEY_NAME_MALFORMED'
  | 'CLI_KEY_FILE_EXPOSED'
  | 'CLI_CHECK_UNKNOWN'
  | 'CLI_COPY_UNSOUND'
  | 'CLI_ARTIFACT_MALFORMED'
  | 'CLI_GOVERNANCE_NOT_ENFORCED'
  | 'CLI_EVENTS_MALFORMED'
  | 'CLI_NODE_NOT_STARTED'
  | 'CLI_POLICY_UNSOUND'
  | 'CLI_REQUEST_MALFORMED'
  | 'CLI_GRANT_MALFORMED'
  | 'CLI_SWITCH_COMMAND_MALFORMED'
  | 'CLI_CELL_UNKNOWN'
  | 'CLI_HEADS_ELSEWHERE'
  | 'CLI_KEY_FOREIGN'
  | 'CLI_POLICY_FOREIGN'
  | 'CLI_ROLE_MISSING'
  | 'CLI_DEMO_FOLDER_FOREIGN';

/** The question could not be asked as it was put: exit code 2. */
export class CliError extends ExoArmurError<CliErrorCode> {
  constructor(code: CliErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
