import { SALT_BYTES } from '@exoarmur/audit/reader';
import { concatBytes, digestBytes, parseCanonicalJson } from '@exoarmur/canonical';
import {
  isExoArmurError,
  type JsonObject,
  type LogPayload,
  MAX_PAYLOAD_BYTES,
  PAYLOAD_DOMAIN,
  type SealedRecord,
} from '@exoarmur/contracts';

/**
 * The payload that a record commits to; undefined when it was erased, is unreadable or another one. What cannot be told from
 * a forgery is no evidence.
 */
export function openPayload(record: SealedRecord, payload: LogPayload | null): JsonObject | undefined {
  if (payload === null || payload.salt.length !== SALT_BYTES) return undefined;
  // The commitment is over canonical bytes, and the reader below refuses any other: these bytes are hashed as they are.
  if (digestBytes(PAYLOAD_DOMAIN, concatBytes(payload.salt, payload.bytes)) !== record.payload.digest) return undefined;
  try {
    return parseCanonicalJson(payload.bytes, { maxBytes: MAX_PAYLOAD_BYTES }) as JsonObject;
  } catch (error) {
    if (isExoArmurError(error)) return undefined;
    throw error;
  }
}
