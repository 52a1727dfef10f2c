import { canonicalize, joinPointer } from '@exoarmur/canonical';

/** The first place, in canonical key order, where two JSON values differ; a missing member shows as null. */
export interface JsonDifference {
  /** JSON pointer relative to the compared values. */
  readonly pointer: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/**
 * Finds the first difference of two JSON values, or undefined when their canonical texts are equal. The values are plain
 * data that a strict reader or the canonical writer accepts.
 */
export function findDifference(expected: unknown, found: unknown, pointer = ''): JsonDifference | undefined {
  if (isArray(expected) && isArray(found)) return inArrays(expected, found, pointer);
  if (isObject(expected) && isObject(found)) return inObjects(expected, found, pointer);
  const [wanted, seen] = [text(expected), text(found)];
  return wanted === seen ? undefined : { pointer, expected: wanted, found: seen };
}

function inArrays(
  expected: readonly unknown[],
  found: readonly unknown[],
  pointer: string,
): JsonDifference | undefined {
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    const difference = findDifference(expected[i], found[i], joinPointer(pointer, i));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function inObjects(expected: Members, found: Members, pointer: string): JsonDifference | undefined {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  for (const key of keys) {
    const [wanted, seen] = [member(expected, key), member(found, key)];
    const difference = findDifference(wanted, seen, joinPointer(pointer, key));
    if (difference !== undefined) return difference;
  }
  return undefined;
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
