import { canonicalize, joinPointer } from '@exoarmur/canonical';

/** A place where two JSON values differ; a missing member shows as null. */
export interface JsonDifference {
  /** JSON pointer relative to the compared values. */
  readonly pointer: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/**
 * Finds the first difference of two JSON values in canonical key order, or undefined when their canonical texts are equal.
 * The values are plain data that a strict reader or the canonical writer accepts.
 */
export function findDifference(expected: unknown, found: unknown): JsonDifference | undefined {
  const [first] = differencesOf(expected, found, '');
  return first;
}

/** The first differences, at most `limit` of them. */
export function listDifferences(expected: unknown, found: unknown, limit: number): JsonDifference[] {
  const differences: JsonDifference[] = [];
  for (const difference of differencesOf(expected, found, '')) {
    if (differences.length === limit) break;
    differences.push(difference);
  }
  return differences;
}

function* differencesOf(expected: unknown, found: unknown, pointer: string): Generator<JsonDifference> {
  if (isArray(expected) && isArray(found)) {
    for (let i = 0; i < Math.max(expected.length, found.length); i++) {
      yield* differencesOf(expected[i], found[i], joinPointer(pointer, i));
    }
  } else if (isObject(expected) && isObject(found)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
    for (const key of keys) yield* differencesOf(member(expected, key), member(found, key), joinPointer(pointer, key));
  } else {
    const [wanted, seen] = [text(expected), text(found)];
    if (wanted !== seen) yield { pointer, expected: wanted, found: seen };
  }
}

type Members = Readonly<Record<string, unknown>>;

function member(object: Members, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function text(value: unknown): string | null {
  return value === undefined ? null : canonicalize(value);
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
