import { encodeUtf8, isWellFormed } from './bytes.ts';
import { CanonicalError, type CanonicalErrorCode } from './errors.ts';
import { writeFast } from './internal/fast-writer.ts';
import { numberProblem } from './internal/number.ts';
import { JSON_LIMITS, type JsonLimits, joinPointer } from './json-value.ts';

/** Strings made of these characters only are their own JSON spelling. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/**
 * The only text of a value (RFC 8785 over the profile of spec/canonical-json.md). Takes plain data: null, booleans,
 * numbers, strings, dense arrays and objects with the standard or no prototype. Never repairs: anything else is refused,
 * and so is whatever {@link parseJson} would refuse to read back. Each property is read once. As in `JSON.stringify`,
 * properties that are not enumerable or named by a symbol are no part of the data: they are neither read nor refused.
 * @throws CanonicalError with a JSON pointer to the refused value.
 */
export function canonicalize(value: unknown, limits: Pick<JsonLimits, 'maxDepth'> = {}): string {
  const maxDepth = limits.maxDepth ?? JSON_LIMITS.maxDepth;
  const fast = typeof value === 'object' && value !== null ? writeFast(value, maxDepth) : undefined;
  return fast ?? writeValue(value, maxDepth, []);
}

/** The UTF-8 bytes of {@link canonicalize}: what is hashed, signed and stored. */
export function canonicalizeToBytes(value: unknown): Uint8Array {
  return encodeUtf8(canonicalize(value));
}

type Path = (string | number)[];

function writeValue(value: unknown, maxDepth: number, path: Path): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'number':
      return writeNumber(value, path);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (path.length >= maxDepth) throw refuse('CANONICAL_JSON_TOO_DEEP', `nesting is deeper than ${maxDepth}`, path);
      return Array.isArray(value) ? writeArray(value, maxDepth, path) : writeObject(value, maxDepth, path);
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

function writeArray(value: readonly unknown[], maxDepth: number, path: Path): string {
  if (Object.getPrototypeOf(value) !== Array.prototype) {
    throw refuse('CANONICAL_JSON_UNSUPPORTED_TYPE', 'array is not plain data', path);
  }
  const depth = path.length;
  let text = '[';
  for (let i = 0; i < value.length; i++) {
    path[depth] = i;
    const descriptor = Object.getOwnPropertyDescriptor(value, i);
    if (descriptor === undefined) throw refuse('CANONICAL_JSON_SPARSE_ARRAY', 'array has a hole', path);
    if (!('value' in descriptor)) throw refuse('CANONICAL_JSON_ACCESSOR', 'element is an accessor', path);
    text += (i === 0 ? '' : ',') + writeValue(descriptor.value, maxDepth, path);
  }
  path.length = depth;
  return `${text}]`;
}

function writeObject(value: object, maxDepth: number, path: Path): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse('CANONICAL_JSON_UNSUPPORTED_TYPE', 'object is not plain data', path);
  }
  const depth = path.length;
  let text = '{';
  // RFC 8785 sorts by UTF-16 code unit, which is what the default sort compares.
  for (const key of Object.keys(value).sort()) {
    path[depth] = key;
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined || !('value' in descriptor)) {
      throw refuse('CANONICAL_JSON_ACCESSOR', 'property is an accessor', path);
    }
    text += `${text === '{' ? '' : ','}${writeString(key, path)}:${writeValue(descriptor.value, maxDepth, path)}`;
  }
  path.length = depth;
  return `${text}}`;
}

function refuse(code: CanonicalErrorCode, message: string, path: Path): CanonicalError {
  return new CanonicalError(code, message, { pointer: path.reduce<string>(joinPointer, '') });
}
