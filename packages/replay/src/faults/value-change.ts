import { isLegacyObject, type LegacyObject, type LegacyValue } from '@exoarmur/canonical/legacy-python';
import type { FaultGenerator } from './fault-generator.ts';

/**
 * The value with one leaf replaced by another of its kind. Everything on the way is copied, nothing is written to. A value
 * without a leaf gets one.
 */
export function alterOneLeaf(value: LegacyValue, random: FaultGenerator): LegacyValue {
  const count = countLeaves(value);
  return count === 0 ? withLeaf(value) : alterLeafAt(value, { left: random.below(count) }, random);
}

/** The text with one character changed to another lower-case letter; an empty text gets one. */
export function alterText(text: string, random: FaultGenerator): string {
  const characters = Array.from(text);
  if (characters.length === 0) return letter(random.below(26));
  const at = random.below(characters.length);
  const old = (characters[at] ?? '').codePointAt(0) ?? 0;
  const isLetter = old >= 97 && old <= 122;
  const other = isLetter ? (old - 97 + 1 + random.below(25)) % 26 : random.below(26);
  characters[at] = letter(other);
  return characters.join('');
}

function letter(index: number): string {
  return String.fromCharCode(97 + index);
}

function countLeaves(value: LegacyValue): number {
  if (isLegacyObject(value)) return countLeaves([...value.values()]);
  if (!isList(value)) return 1;
  let count = 0;
  for (const element of value) count += countLeaves(element);
  return count;
}

function alterLeafAt(value: LegacyValue, at: { left: number }, random: FaultGenerator): LegacyValue {
  if (isLegacyObject(value)) {
    return new Map([...value].map(([key, member]) => [key, alterLeafAt(member, at, random)] as const));
  }
  if (isList(value)) return value.map((element) => alterLeafAt(element, at, random));
  const isHit = at.left === 0;
  at.left -= 1;
  return isHit ? alterScalar(value, random) : value;
}

function alterScalar(value: null | boolean | bigint | number | string, random: FaultGenerator): LegacyValue {
  if (value === null) return false;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'bigint') return value + BigInt(1 + random.below(8));
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) < 2 ** 40 ? value + 1 : 0;
  return alterText(value, random);
}

function withLeaf(value: LegacyValue): LegacyValue {
  if (isLegacyObject(value)) return new Map<string, LegacyValue>([...value, ['a', 1n]]) as LegacyObject;
  return isList(value) ? [...value, 1n] : 1n;
}

function isList(value: LegacyValue): value is readonly LegacyValue[] {
  return Array.isArray(value);
}
