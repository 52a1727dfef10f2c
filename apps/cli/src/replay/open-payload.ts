import { SALT_BYTES } from '@exoarmur/audit/reader';
import { commitPayload, parseCanonicalJson } from '@exoarmur/canonical';
import {
  isExoArmurError,
  type JsonObject,
  type LogPayload,
  MAX_PAYLOAD_BYTES,
  type SealedRecord,
} from '@exoarmur/contracts';

/**
 * The payload that a record commits to; undefined when it was erased, is unreadable or another one. What cannot be told from
 * a forgery is no evidence.
 */
export function openPayload(record: SealedRecord, payload: LogPayload | null): JsonObject | undefined {
  if (payload === null || payload.salt.length !== SALT_BYTES) return undefined;
  try {
    const value = parseCanonicalJson(payload.bytes, { maxBytes: MAX_PAYLOAD_BYTES }) as JsonObject;
    return commitPayload(payload.salt, value) === record.payload.digest ? value : undefined;
  } catch (error) {
    if (isExoArmurError(error)) return undefined;
    throw error;
  }
}
