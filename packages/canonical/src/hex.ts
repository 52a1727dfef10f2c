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
  return decodeDigits(text);
}

/** {@link decodeHex} of text that is known to be lower-case hexadecimal. */
export function decodeDigits(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digitOf(text.charCodeAt(2 * i)) << 4) | digitOf(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** Value of a lower-case hexadecimal digit by its character code. */
function digitOf(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
