export { AuditError, type AuditErrorCode } from '../errors.ts';
export { AuditLog, type AuditLogOptions, createAuditLog } from './audit-log.ts';
export type { SignedHead } from './log-edge.ts';
