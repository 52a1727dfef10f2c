import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code of a {@link GovernanceError}. */
export type GovernanceErrorCode =
  | 'GOVERNANCE_ARTIFACT_UNWRITABLE'
  | 'GOVERNANCE_MANIFEST_MALFORMED'
  | 'GOVERNANCE_POLICY_MALFORMED'
  | 'GOVERNANCE_TRUST_MALFORMED';

/** What an operator or author handed in is malformed. Evidence never causes one: it is reported. */
export class GovernanceError extends ExoArmurError<GovernanceErrorCode> {
  constructor(code: GovernanceErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
