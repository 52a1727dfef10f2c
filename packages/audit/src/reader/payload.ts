import { canonicalize, commitPayload, encodeUtf8 } from '@exoarmur/canonical';
import type { JsonObject, SealedRecord } from '@exoarmur/contracts';
import { isExoArmurError } from '@exoarmur/contracts';

/** Why a disclosed payload is not the one the record commits to. */
export type PayloadFailureReason =
  | 'payload_not_canonicalizable'
  | 'payload_size_mismatch'
  | 'payload_digest_mismatch'
  | 'salt_malformed';

/** The answer to {@link checkPayload}. */
export type PayloadVerdict =
  | { readonly outcome: 'valid' }
  | {
      readonly outcome: 'invalid';
      readonly reason: PayloadFailureReason;
      readonly expected: string;
      readonly found: string;
    };

/** Bytes of a payload salt. */
export const SALT_BYTES = 16;

/** Whether `value`, with its salt, is the payload the record commits to (spec/record.md, "Payload commitment"). */
export function checkPayload(
  record: Pick<SealedRecord, 'payload'>,
  salt: Uint8Array,
  value: JsonObject,
): PayloadVerdict {
  if (salt.length !== SALT_BYTES) return invalid('salt_malformed', `${SALT_BYTES} bytes`, `${salt.length} bytes`);
  let size: number;
  try {
    size = encodeUtf8(canonicalize(value)).length;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return invalid('payload_not_canonicalizable', 'canonical JSON', error.code);
  }
  const { payload } = record;
  if (size !== payload.size) return invalid('payload_size_mismatch', `${payload.size} bytes`, `${size} bytes`);
  const digest = commitPayload(salt, value);
  if (digest !== payload.digest) return invalid('payload_digest_mismatch', payload.digest, digest);
  return { outcome: 'valid' };
}

function invalid(reason: PayloadFailureReason, expected: string, found: string): PayloadVerdict {
  return { outcome: 'invalid', reason, expected, found };
}
