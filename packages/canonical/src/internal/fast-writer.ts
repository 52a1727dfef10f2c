import { numberProblem } from './number.ts';

/**
 * Writes ordinary values by way of the runtime's own JSON writer: each container is copied with its keys in canonical order
 * and each property checked on the way, then the copy is written at once. Gives up (undefined) on anything that is not
 * ordinary or not allowed; the plain writer then says what is wrong, or writes what this one does not know how to. So it
 * does on a value that is longer than `maxUnits`, before all of it is copied.
 */
export function writeFast(
  value: object,
  maxDepth: number,
  maxUnits: number = Number.POSITIVE_INFINITY,
): string | undefined {
  // Pages that extend the built-in prototypes with toJSON would have it called.
  if ('toJSON' in Object.prototype || 'toJSON' in Array.prototype) return undefined;
  unitsLeft = maxUnits;
  const copy = copyContainer(value, maxDepth);
  if (copy === undefined || unitsLeft < 0) return undefined;
  const text = JSON.stringify(copy);
  // The runtime writes a lone surrogate as an escape. A backslash in the data may look like one: then check the long way.
  return text.includes('\\ud') ? undefined : text;
}

/** UTF-16 units that the text may still have, as far as it is counted: at least those of brackets, keys and strings. */
let unitsLeft = 0;

/** How to write the objects with one list of keys. */
interface Plan {
  /** Units of brackets and keys. */
  readonly units: number;
  readonly keys: readonly string[];
  /** The keys in canonical order. */
  readonly sorted: readonly string[];
  /** An object with these keys in canonical order, to be cloned. */
  readonly template: Readonly<Record<string, unknown>>;
}

// INVARIANT: the cache holds at most MAX_PLANS plans of at most MAX_PLAN_KEYS keys; when full it starts again.
export const MAX_PLANS = 512;
export const MAX_PLAN_KEYS = 48;
const MAX_PLAN_KEY_LENGTH = 64;
const MAX_PLANS_PER_BUCKET = 8;
const plans = new Map<string, Plan[]>();
let planCount = 0;

/** A key that an object would list out of order, or not as a key at all. */
const UNORDERED_KEY = /^(?:[0-9]|__proto__$)/;

function copyContainer(value: object, depthLeft: number): object | undefined {
  if (depthLeft === 0 || unitsLeft < 0) return undefined;
  return Array.isArray(value) ? copyArray(value, depthLeft - 1) : copyObject(value, depthLeft - 1);
}

function copyArray(array: readonly unknown[], depthLeft: number): unknown[] | undefined {
  if (Object.getPrototypeOf(array) !== Array.prototype) return undefined;
  unitsLeft -= array.length + 1;
  const copy: unknown[] = [];
  for (let i = 0; i < array.length; i++) {
    const element = copyValue(Object.getOwnPropertyDescriptor(array, i)?.value, depthLeft);
    if (element === undefined) return undefined;
    copy.push(element);
  }
  return copy;
}

function copyObject(object: object, depthLeft: number): object | undefined {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const plan = planFor(Object.keys(object));
  if (plan === undefined) return undefined;
  unitsLeft -= plan.units;
  const copy = { ...plan.template };
  const { sorted } = plan;
  for (let i = 0; i < sorted.length; i++) {
    const key = sorted[i] as string;
    const member: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
    // Strings are most of what there is: they take the short way.
    if (typeof member === 'string') {
      copy[key] = member;
      unitsLeft -= member.length;
      continue;
    }
    const checked = copyValue(member, depthLeft);
    if (checked === undefined) return undefined;
    copy[key] = checked;
  }
  return copy;
}

/** The value to write in place of one, or undefined for one that may not be written: a hole and an accessor have none. */
function copyValue(value: unknown, depthLeft: number): unknown {
  switch (typeof value) {
    case 'string':
      unitsLeft -= value.length;
      return value;
    case 'boolean':
      return value;
    case 'number':
      return numberProblem(value) === undefined ? value : undefined;
    case 'object':
      return value === null ? null : copyContainer(value, depthLeft);
    default:
      return undefined;
  }
}

/** How many plans are held now: at most {@link MAX_PLANS}. */
export function countPlans(): number {
  let count = 0;
  for (const bucket of plans.values()) count += bucket.length;
  return count;
}

function planFor(keys: readonly string[]): Plan | undefined {
  const first = keys[0] ?? '';
  const bucket = plans.get(first);
  if (bucket !== undefined) {
    for (let i = 0; i < bucket.length; i++) {
      const plan = bucket[i] as Plan;
      if (hasKeys(plan, keys)) return plan;
    }
  }
  return addPlan(first, bucket, keys);
}

function hasKeys(plan: Plan, keys: readonly string[]): boolean {
  const known = plan.keys;
  if (known.length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) if (known[i] !== keys[i]) return false;
  return true;
}

function addPlan(first: string, bucket: Plan[] | undefined, keys: readonly string[]): Plan | undefined {
  if (keys.length > MAX_PLAN_KEYS || keys.some((key) => key.length > MAX_PLAN_KEY_LENGTH || UNORDERED_KEY.test(key)))
    return undefined;
  const sorted = [...keys].sort();
  const units = keys.reduce((sum, key) => sum + key.length + 4, 2);
  const plan: Plan = { units, keys, sorted, template: makeTemplate(sorted) };
  if (planCount >= MAX_PLANS) {
    plans.clear();
    planCount = 0;
  }
  if (bucket === undefined || !plans.has(first)) plans.set(first, [plan]);
  else if (bucket.length < MAX_PLANS_PER_BUCKET) bucket.push(plan);
  else bucket[planCount % MAX_PLANS_PER_BUCKET] = plan;
  planCount++;
  return plan;
}

/** A parsed object holds its members in place; one that grew member by member does not, and takes longer to clone and write. */
function makeTemplate(sorted: readonly string[]): Readonly<Record<string, unknown>> {
  return JSON.parse(`{${sorted.map((key) => `${JSON.stringify(key)}:null`).join(',')}}`);
}
