import { CanonicalError, decodeUtf8 } from '@exoarmur/canonical';
import {
  isLegacyObject,
  type LegacyObject,
  type LegacyValue,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import { MAX_BUNDLE_BYTES } from '@exoarmur/contracts';

/** A bundle file of the Python ancestor: the lossless value that its hashes cover, and plain data for its schema. */
export interface LegacyFile {
  readonly value: LegacyObject;
  /** Numbers are doubles here, so nothing may be hashed from it. */
  readonly plain: Readonly<Record<string, unknown>>;
  readonly hasDuplicateKey: boolean;
}

/** Reads a file with the ancestor's rules; undefined when it is not a JSON object of at most 16 MiB. */
export function readLegacyFile(bytes: Uint8Array): LegacyFile | undefined {
  if (bytes.length > MAX_BUNDLE_BYTES) return undefined;
  try {
    const text = decodeUtf8(bytes);
    const value = parseLegacyJson(text);
    if (!isLegacyObject(value)) return undefined;
    const plain = toPlain(value) as Readonly<Record<string, unknown>>;
    return { value, plain, hasDuplicateKey: countKeysOf(text) !== countKeys(value) };
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

/** Walks a lossless value by object keys and array indices; undefined where there is nothing. */
export function legacyMember(
  value: LegacyValue | undefined,
  ...path: readonly (string | number)[]
): LegacyValue | undefined {
  let current = value;
  for (const token of path) {
    if (isLegacyObject(current) && typeof token === 'string') current = current.get(token);
    else if (Array.isArray(current) && typeof token === 'number') current = current[token];
    else return undefined;
  }
  return current;
}

/** The elements of an array, none when it is something else. */
export function legacyElements(value: LegacyValue | undefined): readonly LegacyValue[] {
  return Array.isArray(value) ? value : [];
}

function toPlain(value: LegacyValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (!isLegacyObject(value)) return value;
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, member] of value) object[key] = toPlain(member);
  return object;
}

function countKeys(value: LegacyValue): number {
  if (isLegacyObject(value))
    return [...value.values()].reduce<number>((sum, member) => sum + countKeys(member), value.size);
  return Array.isArray(value) ? value.reduce<number>((sum, element) => sum + countKeys(element), 0) : 0;
}

// SECURITY: the ancestor's reader lets the last of two equal keys win. A file that another reader could understand
// otherwise is refused; in valid JSON a string followed by a colon is a key, and nothing else is.
function countKeysOf(text: string): number {
  let keys = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = endOfString(text, at);
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
    if (text.charAt(at) === ':') keys++;
  }
  return keys;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}
