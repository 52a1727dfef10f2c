import { CanonicalError, quote } from './errors.ts';

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const LOWER_HEX = /^(?:[0-9a-f]{2})*$/;

/** Lower-case hexadecimal text, two digits a byte. */
export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += PAIRS[byte];
  return text;
}

/**
 * Bytes of lower-case hexadecimal text. One text per value: upper case is refused.
 * @throws CanonicalError CANONICAL_HEX_MALFORMED for odd length or any other character.
 */
export function decodeHex(text: string): Uint8Array {
  if (!LOWER_HEX.test(text)) {
    throw new CanonicalError('CANONICAL_HEX_MALFORMED', `${quote(text)} is not lower-case hexadecimal`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
