import type { Digest } from './digest.ts';

/** What has been found out about a value that cannot change any more. */
export interface KnownOfValue {
  text?: string;
  domain?: string;
  digest?: Digest;
  passed?: object[];
}

const known = new WeakMap<object, KnownOfValue>();

/**
 * Makes a value unchangeable, with everything in it, and from then on its canonical text and its digest are computed once.
 * PRECONDITION: plain data that the caller has made itself, such as what {@link parseJson} answers or the copy that a schema
 * made; never an object that came from somebody else, since a getter or a proxy answers differently each time, frozen or not.
 */
export function fixValue<Value extends object>(value: Value): Value {
  freezeAll(value);
  if (!known.has(value)) known.set(value, {});
  return value;
}

/** Says that a fixed value has passed a check, which is known by the object that stands for it. Of any other value nothing is kept. */
export function notePassed(value: object, check: object): void {
  const entry = known.get(value);
  if (entry === undefined || hasPassed(value, check)) return;
  if (entry.passed === undefined) entry.passed = [check];
  else entry.passed.push(check);
}

/** Whether a fixed value has passed that check before, so that it would pass it again. */
export function hasPassed(value: unknown, check: object): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return known.get(value)?.passed?.includes(check) === true;
}

/** What is known of a fixed value, to be added to; undefined for any other. */
export function knownOf(value: object): KnownOfValue | undefined {
  return known.get(value);
}

function freezeAll(value: object): void {
  for (const key of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    // What is fixed already is frozen to the bottom.
    if (typeof member === 'object' && member !== null && !known.has(member)) freezeAll(member);
  }
  Object.freeze(value);
}
