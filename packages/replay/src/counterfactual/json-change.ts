import { type JsonObject, type JsonValue, joinPointer } from '@exoarmur/canonical';

/** A changed copy, or why there is none. */
export type JsonChange =
  | { readonly outcome: 'changed'; readonly value: JsonValue; readonly before: JsonValue | undefined }
  | { readonly outcome: 'unknown_place'; readonly pointer: string };

/**
 * A copy of `root` with the member at a JSON pointer set, added or, for undefined, removed. Only what is on the way is
 * copied. Every container on the way has to be there; an index has to be one of the array's.
 */
export function changeAt(root: JsonValue, pointer: string, value: JsonValue | undefined): JsonChange {
  return change(root, '', pointer.split('/').slice(1).map(unescapeToken), value);
}

function change(at: JsonValue, path: string, tokens: readonly string[], value: JsonValue | undefined): JsonChange {
  const [token, ...rest] = tokens;
  if (token === undefined) {
    return value === undefined
      ? { outcome: 'unknown_place', pointer: path }
      : { outcome: 'changed', value, before: at };
  }
  if (isList(at)) return changeElement(at, path, token, rest, value);
  if (!isObject(at)) return { outcome: 'unknown_place', pointer: joinPointer(path, token) };
  const child = Object.hasOwn(at, token) ? at[token] : undefined;
  if (rest.length === 0) return changeMember(at, path, token, child, value);
  if (child === undefined) return { outcome: 'unknown_place', pointer: joinPointer(path, token) };
  const inner = change(child, joinPointer(path, token), rest, value);
  return inner.outcome === 'changed' ? { ...inner, value: withMember(at, token, inner.value) } : inner;
}

function changeMember(
  at: JsonObject,
  path: string,
  token: string,
  before: JsonValue | undefined,
  value: JsonValue | undefined,
): JsonChange {
  if (before === undefined && value === undefined)
    return { outcome: 'unknown_place', pointer: joinPointer(path, token) };
  return { outcome: 'changed', value: withMember(at, token, value), before };
}

function changeElement(
  at: readonly JsonValue[],
  path: string,
  token: string,
  rest: readonly string[],
  value: JsonValue | undefined,
): JsonChange {
  const index = /^(?:0|[1-9][0-9]{0,6})$/.test(token) ? Number(token) : -1;
  const child = at[index];
  if (child === undefined) return { outcome: 'unknown_place', pointer: joinPointer(path, token) };
  if (rest.length === 0) {
    const list = value === undefined ? at.toSpliced(index, 1) : at.with(index, value);
    return { outcome: 'changed', value: list, before: child };
  }
  const inner = change(child, joinPointer(path, index), rest, value);
  return inner.outcome === 'changed' ? { ...inner, value: at.with(index, inner.value) } : inner;
}

/** Built from entries, because a member named `__proto__` is one like any other. */
function withMember(object: JsonObject, key: string, value: JsonValue | undefined): JsonObject {
  const others = Object.entries(object).filter(([name]) => name !== key);
  return Object.fromEntries(value === undefined ? others : [...others, [key, value]]) as JsonObject;
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
