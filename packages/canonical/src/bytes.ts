import { platform } from '#platform';
import { CanonicalError } from './errors.ts';

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether two byte strings are equal. Not constant time: for public values, never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Joins byte strings into one new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether a string holds no lone surrogate, so that UTF-8 can carry it without loss. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/**
 * UTF-8 bytes of a text, which may be a view into a larger buffer: `buffer` of the result is not theirs alone.
 * @throws CanonicalError CANONICAL_UTF8_MALFORMED for a lone surrogate, which UTF-8 cannot hold.
 */
export function encodeUtf8(text: string): Uint8Array {
  if (!isWellFormed(text)) throw new CanonicalError('CANONICAL_UTF8_MALFORMED', 'text holds a lone surrogate');
  return platform.encodeText(text);
}

/**
 * Text of UTF-8 bytes; a byte-order mark is kept as U+FEFF, nothing is replaced.
 * @throws CanonicalError CANONICAL_UTF8_MALFORMED for overlong, truncated or surrogate sequences.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes);
  } catch (cause) {
    throw new CanonicalError('CANONICAL_UTF8_MALFORMED', 'bytes are not UTF-8', { cause });
  }
}
