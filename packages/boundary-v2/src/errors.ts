import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code a {@link BoundaryError} can carry. The list is closed: a new code is a visible change of this package. */
export type BoundaryErrorCode =
  | 'BOUNDARY_ACTION_NOT_WAITING'
  | 'BOUNDARY_ACTION_UNFINISHED'
  | 'BOUNDARY_APPROVAL_BINDING_MISMATCH'
  | 'BOUNDARY_APPROVAL_BY_REQUESTER'
  | 'BOUNDARY_APPROVAL_DUPLICATE'
  | 'BOUNDARY_APPROVAL_EXPIRED'
  | 'BOUNDARY_APPROVAL_MALFORMED'
  | 'BOUNDARY_APPROVAL_ROLE_MISSING'
  | 'BOUNDARY_APPROVAL_SIGNATURE_INVALID'
  | 'BOUNDARY_APPROVER_UNKNOWN'
  | 'BOUNDARY_BUNDLE_TOO_LARGE'
  | 'BOUNDARY_CONFIG_INVALID'
  | 'BOUNDARY_EVIDENCE_INCOMPLETE'
  | 'BOUNDARY_EVIDENCE_UNLAWFUL'
  | 'BOUNDARY_GRANT_EXPIRED'
  | 'BOUNDARY_GRANT_MISMATCH'
  | 'BOUNDARY_GRANT_REDEEMED'
  | 'BOUNDARY_GRANT_STORE_CORRUPT'
  | 'BOUNDARY_GRANT_STORE_UNAVAILABLE'
  | 'BOUNDARY_INTENT_ID_REUSED'
  | 'BOUNDARY_INTENT_MALFORMED'
  | 'BOUNDARY_INTENT_TOO_LARGE'
  | 'BOUNDARY_LOG_UNAVAILABLE'
  | 'BOUNDARY_OPERATORS_UNAVAILABLE'
  | 'BOUNDARY_SCOPE_MISMATCH'
  | 'BOUNDARY_STEP_UNLAWFUL';

/**
 * The error of the execution plane: what is thrown when an action could not be taken up or not be recorded. An action that
 * was taken up and came to an end is a result, never an error.
 */
export class BoundaryError extends ExoArmurError<BoundaryErrorCode> {
  constructor(code: BoundaryErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
