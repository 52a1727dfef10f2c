import { decodeUtf8, encodeUtf8, isWellFormed } from './bytes.ts';
import { canonicalize } from './canonical-json.ts';
import { CanonicalError, type CanonicalErrorCode, quote } from './errors.ts';
import { numberProblem } from './internal/number.ts';
import { refusalPointer } from './internal/pointer.ts';
import { JSON_LIMITS, type JsonLimits, type JsonValue } from './json-value.ts';

/**
 * Reads strict I-JSON (spec/canonical-json.md, "Reader"): any white space and key order, but no duplicate key, lone
 * surrogate, non-finite or unsafe integral number, negative zero, fraction that rounds to an integer, byte-order mark, trailing data, excess depth or size.
 * The input is attacker-controlled; time and memory are linear in its size.
 * @throws CanonicalError with a JSON pointer to the refused place.
 */
export function parseJson(input: string | Uint8Array, limits: JsonLimits = {}): JsonValue {
  const maxBytes = limits.maxBytes ?? JSON_LIMITS.maxBytes;
  if (exceedsBytes(input, maxBytes)) {
    throw new CanonicalError('CANONICAL_JSON_TOO_LARGE', `document is larger than ${maxBytes} bytes`, { pointer: '' });
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  return new JsonReader(text, limits.maxDepth ?? JSON_LIMITS.maxDepth).readDocument();
}

/**
 * Reads a document and refuses every spelling but the RFC 8785 one, so that the bytes and the value stand for each other.
 * @throws CanonicalError as {@link parseJson}, or CANONICAL_JSON_NOT_CANONICAL.
 */
export function parseCanonicalJson(input: Uint8Array, limits: JsonLimits = {}): JsonValue {
  const maxBytes = limits.maxBytes ?? JSON_LIMITS.maxBytes;
  if (exceedsBytes(input, maxBytes)) {
    throw new CanonicalError('CANONICAL_JSON_TOO_LARGE', `document is larger than ${maxBytes} bytes`, { pointer: '' });
  }
  const text = decodeUtf8(input);
  const maxDepth = limits.maxDepth ?? JSON_LIMITS.maxDepth;
  const value = new JsonReader(text, maxDepth).readDocument();
  if (canonicalize(value, { maxDepth }) !== text) {
    throw new CanonicalError('CANONICAL_JSON_NOT_CANONICAL', 'document is not in canonical form', { pointer: '' });
  }
  return value;
}

function exceedsBytes(input: string | Uint8Array, maxBytes: number): boolean {
  // A UTF-16 unit takes one to three UTF-8 bytes, so most texts are decided without encoding them.
  if (input.length > maxBytes) return true;
  if (typeof input !== 'string' || input.length * 3 <= maxBytes) return false;
  return isWellFormed(input) && encodeUtf8(input).length > maxBytes;
}

const NUMBER = /-?(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings end at control characters
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const ROUNDED = 'CANONICAL_JSON_ROUNDED_NUMBER';
const HEX4 = /^[0-9a-fA-F]{4}$/;

/**
 * Whether an integral value stands for a lexeme that is no integer. All other values are fractions, of which every double
 * is the nearest to many; an integer spelled without fraction and exponent is exact when it is safe.
 */
function isRounded(number: number, whole: string, fraction: string, exponent: string): boolean {
  if ((fraction === '' && exponent === '') || !Number.isInteger(number)) return false;
  const digits = whole + fraction;
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  // The lexeme is digits[0, end) times a power of ten. What is left of a zero must be nothing.
  return end > 0 && Number(exponent) + digits.length - end < fraction.length;
}

class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  readDocument(): JsonValue {
    if (this.#text.charCodeAt(0) === 0xfeff) {
      throw this.#refuse('CANONICAL_JSON_BYTE_ORDER_MARK', 'document starts with a byte-order mark');
    }
    this.#skipWhitespace();
    const value = this.#readValue();
    this.#skipWhitespace();
    if (this.#at < this.#text.length) {
      throw this.#refuse('CANONICAL_JSON_TRAILING_DATA', `data after the document at offset ${this.#at}`);
    }
    return value;
  }

  #readValue(): JsonValue {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22:
        return this.#readString();
      case 0x7b:
        return this.#readObject();
      case 0x5b:
        return this.#readArray();
      case 0x74:
        return this.#readWord('true', true);
      case 0x66:
        return this.#readWord('false', false);
      case 0x6e:
        return this.#readWord('null', null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(): JsonValue {
    this.#enter();
    const object: Record<string, JsonValue> = Object.create(null);
    this.#at++;
    this.#skipWhitespace();
    if (this.#take(0x7d)) return object;
    const depth = this.#path.length;
    for (;;) {
      if (this.#text.charCodeAt(this.#at) !== 0x22) throw this.#unexpected('an object key');
      const key = this.#readString();
      this.#path[depth] = key;
      if (key in object) throw this.#refuse('CANONICAL_JSON_DUPLICATE_KEY', `duplicate key ${quote(key)}`);
      this.#skipWhitespace();
      if (!this.#take(0x3a)) throw this.#unexpected('a colon');
      this.#skipWhitespace();
      object[key] = this.#readValue();
      this.#path.length = depth;
      this.#skipWhitespace();
      if (this.#take(0x7d)) return object;
      if (!this.#take(0x2c)) throw this.#unexpected('a comma or the end of the object');
      this.#skipWhitespace();
    }
  }

  #readArray(): JsonValue {
    this.#enter();
    const array: JsonValue[] = [];
    this.#at++;
    this.#skipWhitespace();
    if (this.#take(0x5d)) return array;
    const depth = this.#path.length;
    for (;;) {
      this.#path[depth] = array.length;
      array.push(this.#readValue());
      this.#path.length = depth;
      this.#skipWhitespace();
      if (this.#take(0x5d)) return array;
      if (!this.#take(0x2c)) throw this.#unexpected('a comma or the end of the array');
      this.#skipWhitespace();
    }
  }

  // The path holds one token for every open container, so its length is the depth.
  #enter(): void {
    if (this.#path.length >= this.#maxDepth) {
      throw this.#refuse('CANONICAL_JSON_TOO_DEEP', `nesting is deeper than ${this.#maxDepth}`);
    }
  }

  #readString(): string {
    const start = ++this.#at;
    PLAIN_CHARACTERS.lastIndex = start;
    PLAIN_CHARACTERS.test(this.#text);
    this.#at = PLAIN_CHARACTERS.lastIndex;
    let value = this.#text.slice(start, this.#at);
    if (this.#text.charCodeAt(this.#at) !== 0x22) value += this.#readEscapedRest();
    this.#at++;
    if (!isWellFormed(value)) throw this.#refuse('CANONICAL_JSON_LONE_SURROGATE', 'string holds a lone surrogate');
    return value;
  }

  #readEscapedRest(): string {
    const parts: string[] = [];
    while (this.#text.charCodeAt(this.#at) === 0x5c) {
      parts.push(this.#readEscape());
      const start = this.#at;
      PLAIN_CHARACTERS.lastIndex = start;
      PLAIN_CHARACTERS.test(this.#text);
      this.#at = PLAIN_CHARACTERS.lastIndex;
      parts.push(this.#text.slice(start, this.#at));
    }
    if (this.#text.charCodeAt(this.#at) !== 0x22) throw this.#unexpected('the end of the string');
    return parts.join('');
  }

  #readEscape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    const simple = SIMPLE_ESCAPES.get(letter);
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !HEX4.test(digits)) throw this.#unexpected('an escape');
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #readNumber(): number {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#unexpected('a value');
    const [lexeme, whole = '', fraction = '', exponent = ''] = match;
    const number = Number(lexeme);
    const problem = numberProblem(number) ?? (isRounded(number, whole, fraction, exponent) ? ROUNDED : undefined);
    if (problem !== undefined) throw this.#refuse(problem, `number ${quote(lexeme)} is outside the profile`);
    this.#at = NUMBER.lastIndex;
    return number;
  }

  #readWord<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('a value');
    this.#at += word.length;
    return value;
  }

  #take(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #skipWhitespace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(wanted: string): CanonicalError {
    return this.#refuse('CANONICAL_JSON_SYNTAX', `expected ${wanted} at offset ${this.#at}`);
  }

  #refuse(code: CanonicalErrorCode, message: string): CanonicalError {
    return new CanonicalError(code, message, { pointer: refusalPointer(this.#path) });
  }
}
