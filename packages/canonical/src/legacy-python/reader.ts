import { decodeUtf8 } from '../bytes.ts';
import { CanonicalError, type CanonicalErrorCode } from '../errors.ts';
import type { LegacyValue } from './value.ts';

/** Limits of the ancestor's reader, and a size of our own. */
export const LEGACY_LIMITS = Object.freeze({
  maxBytes: 64 * 1024 * 1024,
  /** The ancestor's writer gives up near 495 nested containers; nothing deeper was ever hashed. */
  maxDepth: 495,
  /** Digits of an integer literal, sign not counted. */
  maxIntegerDigits: 4300,
} as const);

const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings end at control characters
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const HEX4 = /^[0-9a-fA-F]{4}$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const WORDS: readonly (readonly [string, LegacyValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/**
 * Reads JSON text with the ancestor's habits (spec/legacy-python.md, "Reader"): the last of two equal keys wins, `NaN` and
 * infinities are numbers, lone surrogate escapes are kept, integers are unbounded and distinct from floats. For old data only.
 * @throws CanonicalError CANONICAL_LEGACY_JSON_SYNTAX, CANONICAL_LEGACY_TOO_DEEP, CANONICAL_LEGACY_TOO_LARGE
 */
export function parseLegacyJson(input: string | Uint8Array): LegacyValue {
  if (input.length > LEGACY_LIMITS.maxBytes)
    throw new CanonicalError('CANONICAL_LEGACY_TOO_LARGE', 'document is too large');
  return new LegacyReader(typeof input === 'string' ? input : decodeUtf8(input)).readDocument();
}

class LegacyReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): LegacyValue {
    this.#skipWhitespace();
    const value = this.#readValue();
    this.#skipWhitespace();
    if (this.#at < this.#text.length) throw this.#refuse('data after the document');
    return value;
  }

  #readValue(): LegacyValue {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#readString();
      case '{':
        return this.#nested(() => this.#readObject());
      case '[':
        return this.#nested(() => this.#readArray());
      default:
        return this.#readScalar();
    }
  }

  #nested(read: () => LegacyValue): LegacyValue {
    if (++this.#depth > LEGACY_LIMITS.maxDepth) throw this.#refuse('nesting is too deep', 'CANONICAL_LEGACY_TOO_DEEP');
    const value = read();
    this.#depth--;
    return value;
  }

  #readObject(): LegacyValue {
    const object = new Map<string, LegacyValue>();
    this.#at++;
    this.#skipWhitespace();
    if (this.#take('}')) return object;
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#refuse('expected an object key');
      const key = this.#readString();
      this.#skipWhitespace();
      if (!this.#take(':')) throw this.#refuse('expected a colon');
      this.#skipWhitespace();
      object.set(key, this.#readValue());
      this.#skipWhitespace();
      if (this.#take('}')) return object;
      if (!this.#take(',')) throw this.#refuse('expected a comma or the end of the object');
      this.#skipWhitespace();
    }
  }

  #readArray(): LegacyValue {
    const array: LegacyValue[] = [];
    this.#at++;
    this.#skipWhitespace();
    if (this.#take(']')) return array;
    for (;;) {
      array.push(this.#readValue());
      this.#skipWhitespace();
      if (this.#take(']')) return array;
      if (!this.#take(',')) throw this.#refuse('expected a comma or the end of the array');
      this.#skipWhitespace();
    }
  }

  #readString(): string {
    this.#at++;
    const parts = [this.#readPlain()];
    while (this.#text[this.#at] === '\\') parts.push(this.#readEscape(), this.#readPlain());
    if (!this.#take('"')) throw this.#refuse('expected the end of the string');
    return parts.join('');
  }

  #readPlain(): string {
    const start = this.#at;
    PLAIN_CHARACTERS.lastIndex = start;
    PLAIN_CHARACTERS.test(this.#text);
    this.#at = PLAIN_CHARACTERS.lastIndex;
    return this.#text.slice(start, this.#at);
  }

  #readEscape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    const simple = ESCAPES.get(letter);
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !HEX4.test(digits)) throw this.#refuse('expected an escape');
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #readScalar(): LegacyValue {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#refuse('expected a value');
    const [lexeme, integer = '', fraction, exponent] = match;
    if (fraction === undefined && exponent === undefined) {
      if (integer.replace('-', '').length > LEGACY_LIMITS.maxIntegerDigits)
        throw this.#refuse('integer has too many digits');
      this.#at = NUMBER.lastIndex;
      return BigInt(integer);
    }
    this.#at = NUMBER.lastIndex;
    return Number(lexeme);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipWhitespace(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #refuse(problem: string, code: CanonicalErrorCode = 'CANONICAL_LEGACY_JSON_SYNTAX'): CanonicalError {
    return new CanonicalError(code, `${problem} at offset ${this.#at}`);
  }
}
