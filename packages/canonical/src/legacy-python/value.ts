import type { JsonValue } from '../json-value.ts';

/**
 * A value as the Python ancestor sees it. The two number types stay apart because they print differently: an integer is a
 * `bigint` of any size, a float is a `number`, also when it is integral, not finite or negative zero. Objects are maps, so
 * that no key is special and the order of the text survives.
 */
export type LegacyValue = null | boolean | bigint | number | string | readonly LegacyValue[] | LegacyObject;

/** An object of the ancestor, in the order of its text. */
export type LegacyObject = ReadonlyMap<string, LegacyValue>;

/** Whether a value is an object. */
export function isLegacyObject(value: LegacyValue | undefined): value is LegacyObject {
  return value instanceof Map;
}

/** The value Python's reader would make of plain JSON data: integral numbers are integers, all others floats. */
export function toLegacyValue(value: JsonValue): LegacyValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (isJsonArray(value)) return value.map(toLegacyValue);
  return new Map(Object.entries(value).map(([key, member]) => [key, toLegacyValue(member)]));
}

function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
