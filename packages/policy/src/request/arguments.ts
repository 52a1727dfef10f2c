import { type JsonObject, type JsonValue, joinPointer } from '@exoarmur/canonical';

/** Limits of what a policy can be shown of the parameters; what goes over them is refused, not cut. */
export const ARGUMENT_LIMITS = { maxLeaves: 4096, maxPointerLength: 1024, maxDepth: 32 } as const;

/** Why parameters cannot be put before a policy. */
export type ArgumentRefusal = 'fraction' | 'too_deep' | 'too_many_leaves' | 'pointer_too_long' | 'unsafe_number';

/** The parameters as Cedar can weigh them: every leaf by its JSON pointer, and never a rounded number. */
export interface FlatArguments {
  /** Every scalar as text: strings as they are, numbers in decimal, `true`, `false`, `null`. */
  readonly texts: Readonly<Record<string, string>>;
  /** Every whole number. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Every array that holds nothing but strings. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** The answer of {@link flattenArguments}: a refusal is a fact about the input that denies, not an error. */
export type ArgumentsAnswer =
  | { readonly outcome: 'valid'; readonly value: FlatArguments }
  | { readonly outcome: 'refused'; readonly reason: ArgumentRefusal };

/**
 * Flattens parameters (attacker-controlled JSON) to leaves keyed by JSON pointer (RFC 6901). A number with a fraction or
 * outside ±(2^53-1) refuses the whole: Cedar has no such number, and a rounded one would be a different request.
 */
export function flattenArguments(parameters: JsonObject): ArgumentsAnswer {
  const texts: Record<string, string> = {};
  const numbers: Record<string, number> = {};
  const lists: Record<string, readonly string[]> = {};
  let leaves = 0;

  // Every key starts with `/`, so no key can be `__proto__`.
  function visit(value: JsonValue, pointer: string, depth: number): ArgumentRefusal | undefined {
    if (depth > ARGUMENT_LIMITS.maxDepth) return 'too_deep';
    if (pointer.length > ARGUMENT_LIMITS.maxPointerLength) return 'pointer_too_long';
    leaves += 1;
    if (leaves > ARGUMENT_LIMITS.maxLeaves) return 'too_many_leaves';
    if (typeof value === 'number') {
      if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'unsafe_number';
      if (!Number.isInteger(value)) return 'fraction';
      numbers[pointer] = value;
    }
    if (value === null || typeof value !== 'object') {
      texts[pointer] = String(value);
      return undefined;
    }
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) lists[pointer] = value;
    for (const [key, item] of Object.entries(value)) {
      const refusal = visit(item, joinPointer(pointer, key), depth + 1);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  for (const [key, value] of Object.entries(parameters)) {
    const refusal = visit(value, joinPointer('', key), 1);
    if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
  }
  return { outcome: 'valid', value: { texts, numbers, lists } };
}
