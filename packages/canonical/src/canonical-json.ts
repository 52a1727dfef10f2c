import { encodeUtf8, isWellFormed } from './bytes.ts';
import { CanonicalError, type CanonicalErrorCode } from './errors.ts';
import { writeFast } from './internal/fast-writer.ts';
import { known as knownValues } from './internal/known-values.ts';
import { numberProblem } from './internal/number.ts';
import { JSON_LIMITS, type JsonLimits, joinPointer } from './json-value.ts';

/** Strings made of these characters only are their own JSON spelling. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/**
 * The only text of a value (RFC 8785 over the profile of spec/canonical-json.md). Takes plain data: null, booleans,
 * numbers, strings, dense arrays and objects with the standard or no prototype. Never repairs: anything else is refused,
 * and so is whatever {@link parseJson} would refuse to read back. Each property is read once. As in `JSON.stringify`,
 * properties that are not enumerable or named by a symbol are no part of the data: they are neither read nor refused.
 *
 * With `maxBytes` the text is counted while it is written, so that a small value with many shared parts cannot take all
 * memory; without it the value is taken to come from a caller who knows its size.
 * @throws CanonicalError with a JSON pointer to the refused value.
 */
export function canonicalize(value: unknown, limits: JsonLimits = {}): string {
  const maxDepth = limits.maxDepth ?? JSON_LIMITS.maxDepth;
  const { maxBytes } = limits;
  if (typeof value === 'object' && value !== null) {
    const known = maxBytes === undefined && maxDepth === JSON_LIMITS.maxDepth ? knownValues.get(value) : undefined;
    if (known?.text !== undefined) return known.text;
    const text = writeFast(value, maxDepth, maxBytes);
    if (text !== undefined) {
      if (known !== undefined) known.text = text;
      return assertFits(text, maxBytes);
    }
  }
  return assertFits(writeValue(value, { maxDepth, unitsLeft: maxBytes ?? Number.POSITIVE_INFINITY }, []), maxBytes);
}

function assertFits(text: string, maxBytes = Number.POSITIVE_INFINITY): string {
  if (text.length * 3 > maxBytes && encodeUtf8(text).length > maxBytes) throw tooLarge([]);
  return text;
}

/** The UTF-8 bytes of {@link canonicalize}: what is hashed, signed and stored. */
export function canonicalizeToBytes(value: unknown, limits: JsonLimits = {}): Uint8Array {
  return encodeUtf8(canonicalize(value, limits));
}

type Path = (string | number)[];

/** One run of the writer. A UTF-16 unit takes at least one byte, so units bound the bytes from below. */
interface Writing {
  readonly maxDepth: number;
  unitsLeft: number;
}

function spend(text: string, writing: Writing, path: Path): string {
  writing.unitsLeft -= text.length;
  if (writing.unitsLeft < 0) throw tooLarge(path);
  return text;
}

function tooLarge(path: Path): CanonicalError {
  return refuse('CANONICAL_JSON_TOO_LARGE', 'value is larger than the limit', path);
}

function writeValue(value: unknown, writing: Writing, path: Path): string {
  switch (typeof value) {
    case 'string':
      return spend(writeString(value, path), writing, path);
    case 'number':
      return spend(writeNumber(value, path), writing, path);
    case 'boolean':
      return spend(value ? 'true' : 'false', writing, path);
    case 'object':
      if (value === null) return spend('null', writing, path);
      if (path.length >= writing.maxDepth) {
        throw refuse('CANONICAL_JSON_TOO_DEEP', `nesting is deeper than ${writing.maxDepth}`, path);
      }
      return Array.isArray(value) ? writeArray(value, writing, path) : writeObject(value, writing, path);
    default:
      throw refuse('CANONICAL_JSON_UNSUPPORTED_TYPE', `${typeof value} is not a JSON value`, path);
  }
}

function writeString(value: string, path: Path): string {
  if (PLAIN_TEXT.test(value)) return `"${value}"`;
  if (!isWellFormed(value)) throw refuse('CANONICAL_JSON_LONE_SURROGATE', 'string holds a lone surrogate', path);
  // For a well-formed string ECMAScript's escapes are those of RFC 8785, section 3.2.2.2.
  return JSON.stringify(value);
}

function writeNumber(value: number, path: Path): string {
  const problem = numberProblem(value);
  if (problem !== undefined) throw refuse(problem, 'number is outside the profile', path);
  return String(value);
}

function writeArray(value: readonly unknown[], writing: Writing, path: Path): string {
  if (Object.getPrototypeOf(value) !== Array.prototype) {
    throw refuse('CANONICAL_JSON_UNSUPPORTED_TYPE', 'array is not plain data', path);
  }
  const depth = path.length;
  let text = spend('[', writing, path);
  for (let i = 0; i < value.length; i++) {
    path[depth] = i;
    const descriptor = Object.getOwnPropertyDescriptor(value, i);
    if (descriptor === undefined) throw refuse('CANONICAL_JSON_SPARSE_ARRAY', 'array has a hole', path);
    if (!('value' in descriptor)) throw refuse('CANONICAL_JSON_ACCESSOR', 'element is an accessor', path);
    if (i > 0) text += spend(',', writing, path);
    text += writeValue(descriptor.value, writing, path);
  }
  path.length = depth;
  return text + spend(']', writing, path);
}

function writeObject(value: object, writing: Writing, path: Path): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse('CANONICAL_JSON_UNSUPPORTED_TYPE', 'object is not plain data', path);
  }
  const depth = path.length;
  let text = spend('{', writing, path);
  // RFC 8785 sorts by UTF-16 code unit, which is what the default sort compares.
  for (const key of Object.keys(value).sort()) {
    path[depth] = key;
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined || !('value' in descriptor)) {
      throw refuse('CANONICAL_JSON_ACCESSOR', 'property is an accessor', path);
    }
    text += spend(`${text === '{' ? '' : ','}${writeString(key, path)}:`, writing, path);
    text += writeValue(descriptor.value, writing, path);
  }
  path.length = depth;
  return text + spend('}', writing, path);
}

function refuse(code: CanonicalErrorCode, message: string, path: Path): CanonicalError {
  return new CanonicalError(code, message, { pointer: path.reduce<string>(joinPointer, '') });
}
