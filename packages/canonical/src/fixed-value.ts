import { canonicalize } from './canonical-json.ts';
import { known } from './internal/known-values.ts';
import { parseJson } from './json-reader.ts';
import { JSON_LIMITS, type JsonLimits, type JsonValue } from './json-value.ts';

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

/**
 * A fixed copy of a value of somebody else's: whatever that one is or does later, this is what it was when it was read.
 * @throws CanonicalError as {@link canonicalize}, under the same limits
 */
export function copyFixed(value: unknown, limits: JsonLimits = {}): JsonValue {
  const text = canonicalize(value, limits);
  // What canonicalize wrote under the limits is within them.
  const copy = parseJson(text, { maxBytes: Number.POSITIVE_INFINITY, ...limits });
  if (typeof copy !== 'object' || copy === null) return copy;
  fixValue(copy);
  // Whoever asks for the text without limits means those of this package.
  if ((limits.maxDepth ?? 0) <= JSON_LIMITS.maxDepth) known.set(copy, { text });
  return copy;
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

function freezeAll(value: object): void {
  for (const key of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    // What is fixed already is frozen to the bottom.
    if (typeof member === 'object' && member !== null && !known.has(member)) freezeAll(member);
  }
  Object.freeze(value);
}
