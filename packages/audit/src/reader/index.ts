export { AuditError, type AuditErrorCode } from '../errors.ts';
export { checkPayload, type PayloadFailureReason, type PayloadVerdict, SALT_BYTES } from './payload.ts';
export { encodeRecord, hashRecord, parseRecord } from './record.ts';
export {
  checkStreamChain,
  type StreamChainVerdict,
  type StreamFailure,
  type StreamFailureReason,
} from './stream-chain.ts';
