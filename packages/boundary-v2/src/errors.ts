import { type ErrorDetails, ExoArmurError, isExoArmurError } from '@exoarmur/contracts';
import type { BundleRefusal } from '@exoarmur/policy';

/** Every code a {@link BoundaryError} can carry. The list is closed: a new code is a visible change of this package. */
export type BoundaryErrorCode =
  | 'BOUNDARY_ACTION_NOT_WAITING'
  | 'BOUNDARY_ACTION_UNFINISHED'
  | 'BOUNDARY_APPROVAL_ACTOR_MISMATCH'
  | 'BOUNDARY_APPROVAL_AFTER_DENIAL'
  | 'BOUNDARY_APPROVAL_BY_REQUESTER'
  | 'BOUNDARY_APPROVAL_CLEARANCE_MISSING'
  | 'BOUNDARY_APPROVAL_DECISION_MISMATCH'
  | 'BOUNDARY_APPROVAL_DUPLICATE'
  | 'BOUNDARY_APPROVAL_EXPIRED'
  | 'BOUNDARY_APPROVAL_INTENT_MISMATCH'
  | 'BOUNDARY_APPROVAL_IN_INTENT'
  | 'BOUNDARY_APPROVAL_MALFORMED'
  | 'BOUNDARY_APPROVAL_PARAMETERS_MISMATCH'
  | 'BOUNDARY_APPROVAL_POLICY_MISMATCH'
  | 'BOUNDARY_APPROVAL_REQUEST_MISMATCH'
  | 'BOUNDARY_APPROVAL_REUSED'
  | 'BOUNDARY_APPROVAL_ROLE_MISSING'
  | 'BOUNDARY_APPROVAL_SCOPE_MISMATCH'
  | 'BOUNDARY_APPROVAL_SIGNATURE_INVALID'
  | 'BOUNDARY_APPROVAL_TARGET_MISMATCH'
  | 'BOUNDARY_APPROVAL_UNKNOWN'
  | 'BOUNDARY_APPROVAL_UNSIGNED'
  | 'BOUNDARY_APPROVER_REVOKED'
  | 'BOUNDARY_APPROVER_UNKNOWN'
  | 'BOUNDARY_ARTIFACTS_PRESENT'
  | 'BOUNDARY_BUNDLE_MALFORMED'
  | 'BOUNDARY_BUNDLE_TOO_LARGE'
  | 'BOUNDARY_CLOCK_UNAVAILABLE'
  | 'BOUNDARY_CONFIG_INVALID'
  | 'BOUNDARY_EVIDENCE_INCOMPLETE'
  | 'BOUNDARY_EVIDENCE_UNLAWFUL'
  | 'BOUNDARY_GRANT_EXPIRED'
  | 'BOUNDARY_GRANT_MISMATCH'
  | 'BOUNDARY_GRANT_REDEEMED'
  | 'BOUNDARY_GRANT_STORE_CORRUPT'
  | 'BOUNDARY_GRANT_STORE_UNAVAILABLE'
  | 'BOUNDARY_INBOX_UNAVAILABLE'
  | 'BOUNDARY_INTENT_ID_REUSED'
  | 'BOUNDARY_INTENT_MALFORMED'
  | 'BOUNDARY_INTENT_TOO_LARGE'
  | 'BOUNDARY_LOG_UNAVAILABLE'
  | 'BOUNDARY_NOT_AMBIGUOUS'
  | 'BOUNDARY_OPERATORS_UNAVAILABLE'
  | `BOUNDARY_POLICY_${Uppercase<BundleRefusal>}`
  | 'BOUNDARY_POLICY_STORE_UNAVAILABLE'
  | 'BOUNDARY_POLICY_SUPERSEDED'
  | 'BOUNDARY_RANDOM_UNAVAILABLE'
  | 'BOUNDARY_RESOLUTION_MISMATCH'
  | 'BOUNDARY_REVISION_INVALID'
  | 'BOUNDARY_SCOPE_MISMATCH'
  | 'BOUNDARY_SIGNER_FOREIGN'
  | 'BOUNDARY_STANDING_GRANT_UNFIT'
  | 'BOUNDARY_STANDING_GRANT_UNKNOWN'
  | 'BOUNDARY_STEP_UNLAWFUL'
  | 'BOUNDARY_SWITCH_CELL_FOREIGN'
  | 'BOUNDARY_SWITCH_ISSUER_MISMATCH'
  | 'BOUNDARY_SWITCH_MALFORMED'
  | 'BOUNDARY_SWITCH_NUMBER_SKIPPED'
  | 'BOUNDARY_SWITCH_REPLAYED'
  | 'BOUNDARY_SWITCH_ROLE_MISSING'
  | 'BOUNDARY_SWITCH_SIGNATURE_INVALID'
  | 'BOUNDARY_SWITCH_SIGNER_REVOKED'
  | 'BOUNDARY_SWITCH_SIGNER_UNKNOWN'
  | 'BOUNDARY_SWITCH_STORE_CORRUPT'
  | 'BOUNDARY_SWITCH_STORE_UNAVAILABLE'
  | 'BOUNDARY_SWITCH_TENANT_FOREIGN'
  | 'BOUNDARY_SWITCH_THRESHOLD_UNMET';

/**
 * The error of the execution plane: what is thrown when an action could not be taken up or not be recorded. An action that
 * was taken up and came to an end is a result, never an error.
 */
export class BoundaryError extends ExoArmurError<BoundaryErrorCode> {
  constructor(code: BoundaryErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** The code of an error of ExoArmur; undefined for whatever else was thrown. SECURITY: also for a proxy that throws when it is looked at. */
export function codeOf(error: unknown): string | undefined {
  try {
    return isExoArmurError(error) ? error.code : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something thrown is about the form of a value. Total, as {@link codeOf}. */
export function isCanonicalError(error: unknown): error is ExoArmurError {
  return codeOf(error)?.startsWith('CANONICAL_') === true;
}

/** Whether something thrown says by its code what failed, and not only that a value has no form. Total, as {@link codeOf}. */
export function isCoded(error: unknown): boolean {
  return codeOf(error) !== undefined && !isCanonicalError(error);
}

/** Whether something thrown is an error of this plane. Total, as {@link codeOf}. */
export function isBoundaryError(error: unknown): error is BoundaryError {
  try {
    return error instanceof BoundaryError;
  } catch {
    return false;
  }
}
