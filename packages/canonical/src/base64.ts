import { CanonicalError } from './errors.ts';

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NOT_A_DIGIT = 255;

function digitTable(extra: readonly (readonly [string, number])[]): Uint8Array {
  const table = new Uint8Array(128).fill(NOT_A_DIGIT);
  for (let i = 0; i < 64; i++) table[STANDARD.charCodeAt(i)] = i;
  for (const [character, value] of extra) table[character.charCodeAt(0)] = value;
  return table;
}

const STANDARD_DIGITS = digitTable([]);
const URL_DIGITS = digitTable([
  ['-', 62],
  ['_', 63],
]);

/** Standard base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text += digit(word >> 18) + digit(word >> 12) + digit(word >> 6) + digit(word);
  }
  const rest = bytes.length - i;
  if (rest === 1) {
    const word = (bytes[i] as number) << 16;
    text += `${digit(word >> 18)}${digit(word >> 12)}==`;
  } else if (rest === 2) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8);
    text += `${digit(word >> 18)}${digit(word >> 12)}${digit(word >> 6)}=`;
  }
  return text;
}

/**
 * Bytes of standard padded base64. Strict: no white space, no missing or surplus padding, no url-safe letters and no
 * stray bits under the padding, so each byte string has one text.
 * @throws CanonicalError CANONICAL_BASE64_MALFORMED
 */
export function decodeBase64(text: string): Uint8Array {
  return decode(text, STANDARD_DIGITS, true);
}

/**
 * Bytes of base64 in the standard or the url-safe alphabet, padded or not, as DSSE asks of readers. The two alphabets may
 * not be mixed in one text, and everything else {@link decodeBase64} refuses is refused here too.
 * @throws CanonicalError CANONICAL_BASE64_MALFORMED
 */
export function decodeBase64Any(text: string): Uint8Array {
  const urlSafe = text.includes('-') || text.includes('_');
  if (urlSafe && (text.includes('+') || text.includes('/'))) throw malformed('base64 mixes two alphabets');
  return decode(text, urlSafe ? URL_DIGITS : STANDARD_DIGITS, text.endsWith('='));
}

function digit(word: number): string {
  return STANDARD[word & 63] as string;
}

function decode(text: string, table: Uint8Array, padded: boolean): Uint8Array {
  let end = text.length;
  if (padded) {
    if (end % 4 !== 0) throw malformed('base64 length is not a multiple of four');
    if (end > 0 && text[end - 1] === '=') end -= text[end - 2] === '=' ? 2 : 1;
  }
  const rest = end % 4;
  if (rest === 1) throw malformed('base64 ends inside a byte');
  const bytes = new Uint8Array(Math.floor((end * 3) / 4));
  let written = 0;
  let word = 0;
  let bits = 0;
  for (let i = 0; i < end; i++) {
    const value = table[text.charCodeAt(i)] ?? NOT_A_DIGIT;
    if (value === NOT_A_DIGIT) throw malformed('base64 holds a foreign character');
    word = ((word << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written++] = (word >> bits) & 255;
    }
  }
  if ((word & ((1 << bits) - 1)) !== 0) throw malformed('base64 has stray bits under its padding');
  return bytes;
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_BASE64_MALFORMED', message);
}
