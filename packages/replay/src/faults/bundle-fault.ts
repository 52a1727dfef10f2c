import { canonicalizeToBytes, concatBytes, type JsonObject, type JsonValue, joinPointer } from '@exoarmur/canonical';
import type { FaultGenerator } from './fault-generator.ts';
import { alterText } from './value-change.ts';

/** A bundle file with one leaf changed. */
export interface BundleFault {
  readonly bytes: Uint8Array;
  /** JSON pointer to the leaf. */
  readonly pointer: string;
}

/**
 * Changes one leaf of a proof bundle below `under` (the whole file unless given) to another value of its kind, in the
 * file's own spelling: the smallest lie that a file can tell. @throws RangeError when there is no leaf below the pointer.
 */
export function injectBundleFault(bundle: JsonObject, random: FaultGenerator, under = ''): BundleFault {
  const leaves = [...pointersOf(bundle, '')].filter((pointer) => pointer === under || pointer.startsWith(`${under}/`));
  if (leaves.length === 0) throw new RangeError('there is nothing to change below the pointer');
  const pointer = leaves[random.below(leaves.length)] as string;
  const changed = change(bundle, '', pointer, random);
  return { bytes: concatBytes(canonicalizeToBytes(changed), Uint8Array.of(0x0a)), pointer };
}

function* pointersOf(value: JsonValue, at: string): Generator<string> {
  if (isList(value)) for (const [index, element] of value.entries()) yield* pointersOf(element, joinPointer(at, index));
  else if (isObject(value)) {
    for (const key of Object.keys(value).sort()) yield* pointersOf(value[key] as JsonValue, joinPointer(at, key));
  } else yield at;
}

function change(value: JsonValue, at: string, target: string, random: FaultGenerator): JsonValue {
  if (at === target) return another(value, random);
  if (!target.startsWith(`${at}/`)) return value;
  if (isList(value)) return value.map((element, index) => change(element, joinPointer(at, index), target, random));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [
    key,
    change(member, joinPointer(at, key), target, random),
  ]);
  return Object.fromEntries(members) as JsonObject;
}

function another(value: JsonValue, random: FaultGenerator): JsonValue {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value > 0 ? value - 1 : value + 1;
  return typeof value === 'string' ? alterText(value, random) : 'a';
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
