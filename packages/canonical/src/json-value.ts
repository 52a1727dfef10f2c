/** A JSON scalar. */
export type JsonPrimitive = null | boolean | number | string;

/** A JSON value as {@link parseJson} returns it and {@link canonicalize} takes it. */
export type JsonValue = JsonPrimitive | readonly JsonValue[] | JsonObject;

/** A JSON object. Objects made by the reader have no prototype, so a key such as `__proto__` is only a key. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Limits a caller may lower or raise for one document. */
export interface JsonLimits {
  /** Most UTF-8 bytes accepted. */
  readonly maxBytes?: number;
  /** Deepest nesting of arrays and objects accepted; a scalar has depth 0. */
  readonly maxDepth?: number;
}

/** The limits that hold when the caller names none (spec/canonical-json.md, "Limits"). The writer counts bytes only when asked to. */
export const JSON_LIMITS = Object.freeze({
  /** 16 MiB. */
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 64,
  /** Largest magnitude of an integral number, 2^53 - 1. */
  maxSafeInteger: Number.MAX_SAFE_INTEGER,
} as const);

/** Adds one reference token to an RFC 6901 JSON pointer. */
export function joinPointer(pointer: string, token: string | number): string {
  return `${pointer}/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
