import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code an {@link AuditError} can carry. The list is closed: a new code is a visible change of this package. */
export type AuditErrorCode =
  | 'AUDIT_CHECKPOINT_INVALID'
  | 'AUDIT_COMMIT_FAILED'
  | 'AUDIT_DRAFT_INVALID'
  | 'AUDIT_DRAFT_LATE'
  | 'AUDIT_INGEST_CONFLICT'
  | 'AUDIT_INGEST_HASH_MISMATCH'
  | 'AUDIT_INGEST_MALFORMED'
  | 'AUDIT_KEY_MISMATCH'
  | 'AUDIT_LOG_BEHIND_HEAD'
  | 'AUDIT_LOG_CLOSED'
  | 'AUDIT_LOG_CONTENDED'
  | 'AUDIT_LOG_CORRUPT'
  | 'AUDIT_LOG_FORKED'
  | 'AUDIT_PAYLOAD_TOO_LARGE'
  | 'AUDIT_QUEUE_FULL'
  | 'AUDIT_RECORD_MALFORMED'
  | 'AUDIT_RECORD_NOT_FOUND'
  | 'AUDIT_RECORD_PRUNED'
  | 'AUDIT_RECORD_TOO_LARGE'
  | 'AUDIT_SCOPE_INVALID'
  | 'AUDIT_SEQ_CONFLICT'
  | 'AUDIT_SIGNER_FAILED'
  | 'AUDIT_STREAM_CLOSED'
  | 'AUDIT_STREAM_NOT_FOUND'
  | 'AUDIT_STREAM_RESERVED'
  | 'AUDIT_WITNESS_MALFORMED'
  | 'AUDIT_WITNESS_REFUSED'
  | 'AUDIT_WITNESS_UNREACHABLE';

/** The error of the evidence plane: bad input, refused appends, logs that cannot be trusted. */
export class AuditError extends ExoArmurError<AuditErrorCode> {
  constructor(code: AuditErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
