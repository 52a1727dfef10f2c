import { ExoArmurError } from '@exoarmur/contracts';

/** Every code a {@link PolicyError} can carry. The list is closed: a new code is a visible change of this package. */
export type PolicyErrorCode =
  | 'POLICY_ACTION_MALFORMED'
  | 'POLICY_BUNDLE_MALFORMED'
  | 'POLICY_CASES_MALFORMED'
  | 'POLICY_DIGEST_MISMATCH'
  | 'POLICY_REQUEST_MALFORMED'
  | 'POLICY_RULE_MALFORMED'
  | 'POLICY_SET_MALFORMED'
  | 'POLICY_SET_REFUSED'
  | 'POLICY_SWITCH_COMMAND_MALFORMED';

/** The only error this package throws for bad input; a decision that cannot be made is a denial, not an error. */
export class PolicyError extends ExoArmurError<PolicyErrorCode> {}
