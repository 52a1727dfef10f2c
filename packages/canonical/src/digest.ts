import { platform } from '#platform';
import { canonicalize, canonicalizeToBytes } from './canonical-json.ts';
import { CanonicalError, quote } from './errors.ts';
import { decodeDigits, encodeHex } from './hex.ts';
import { encodeDomain } from './internal/domain.ts';
import { joinToHash } from './internal/join-to-hash.ts';
import { known as knownValues } from './internal/known-values.ts';

/** Digest text: `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const PAYLOAD_DOMAIN = 'exoarmur.payload/1';
const SALT_BYTES = 16;

/** Plain SHA-256, for the formats that bring their own domain separation. Everything of ours uses {@link digestBytes}. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return platform.sha256(bytes);
}

/**
 * SHA-256(domain || 0x00 || bytes) (spec/digests.md).
 * @throws TypeError for a domain that is not 1 to 128 printable ASCII characters without blanks.
 */
export function digestBytes(domain: string, bytes: Uint8Array): Digest {
  return `sha256:${platform.sha256Hex(joinToHash(encodeDomain(domain), bytes))}`;
}

/** {@link digestBytes} over the canonical bytes of a value. @throws CanonicalError as {@link canonicalize}. */
export function digestValue(domain: string, value: unknown): Digest {
  const known = typeof value === 'object' && value !== null ? knownValues.get(value) : undefined;
  if (known?.digest !== undefined && known.domain === domain) return known.digest;
  // One text instead of two byte arrays: the domain is ASCII and canonical text is well formed.
  encodeDomain(domain);
  const digest: Digest = `sha256:${platform.sha256HexOfText(`${domain}\0${canonicalize(value)}`)}`;
  if (known !== undefined) Object.assign(known, { domain, digest });
  return digest;
}

/**
 * The salted commitment to a record's payload, SHA-256("exoarmur.payload/1" || 0x00 || salt || JCS(payload)): without the
 * salt a small payload cannot be guessed from its digest. @throws RangeError unless the salt has 16 bytes.
 */
export function commitPayload(salt: Uint8Array, value: unknown): Digest {
  return commitPayloadBytes(salt, canonicalizeToBytes(value));
}

/**
 * {@link commitPayload} for one whose canonical bytes are at hand; that they are canonical is not looked at.
 * @throws RangeError unless the salt has 16 bytes.
 */
export function commitPayloadBytes(salt: Uint8Array, canonicalBytes: Uint8Array): Digest {
  if (salt.length !== SALT_BYTES) throw new RangeError(`salt must have ${SALT_BYTES} bytes`);
  return `sha256:${platform.sha256Hex(joinToHash(encodeDomain(PAYLOAD_DOMAIN), salt, canonicalBytes))}`;
}

/** Digest text of a 32-byte hash. @throws RangeError for another length. */
export function formatDigest(hash: Uint8Array): Digest {
  if (hash.length !== HASH_BYTES) throw new RangeError(`hash must have ${HASH_BYTES} bytes`);
  return `sha256:${encodeHex(hash)}`;
}

/** The 32 bytes of a digest text. @throws CanonicalError CANONICAL_DIGEST_MALFORMED, also for upper-case digits. */
export function parseDigest(text: string): Uint8Array {
  if (!isDigest(text)) throw new CanonicalError('CANONICAL_DIGEST_MALFORMED', `${quote(text)} is not a digest`);
  return decodeDigits(text.slice('sha256:'.length));
}

/** Whether a value is a digest text. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}
