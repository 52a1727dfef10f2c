export { type LegacyAuditSubject, legacyAuditId, legacyAuditPayloadHash, legacyIdempotencyKey } from './audit-id.ts';
export {
  LEGACY_DEFAULTED_MEMBERS,
  legacyBundleChecksum,
  legacyBundleIds,
  legacyDemoReplayHash,
  legacyReplayHash,
  legacyTraceEventHash,
  legacyTraceHash,
} from './bundle-hash.ts';
export { contentUlid, contentUlidPreimage, ulidOfLegacyJson } from './content-id.ts';
export { compareCodePoints, formatLegacyJson, type LegacyDialect } from './dialects.ts';
export {
  compareLegacyOrderingKeys,
  createLegacyEvent,
  formatLegacyEvent,
  hashLegacyPayload,
  isLegacyPayloadIntact,
  type LegacyEvent,
  type LegacyOrderingKey,
  legacyEventPriority,
  legacyOrderingKey,
  projectLegacyRecord,
  sortLegacyEvents,
} from './event.ts';
export { hashLegacyJson, hashLegacyText } from './hash.ts';
export { legacyIntentHash, legacyIntentPreimage } from './intent-hash.ts';
export { formatPythonFloat, roundToTwelveDecimals } from './number.ts';
export { LEGACY_LIMITS, parseLegacyJson } from './reader.ts';
export { isLegacyObject, type LegacyObject, type LegacyValue, toLegacyValue } from './value.ts';
