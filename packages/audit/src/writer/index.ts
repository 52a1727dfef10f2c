export { AuditError, type AuditErrorCode } from '../errors.ts';
export { AuditLog, type AuditLogOptions, createAuditLog } from './audit-log.ts';
export type { EraseOrder, EraseSelection } from './erase.ts';
export type { ForeignFormat } from './foreign-event.ts';
export { createIngestor, type IngestOrder, Ingestor, type IngestorOptions } from './ingest.ts';
export type { SignedHead } from './log-edge.ts';
