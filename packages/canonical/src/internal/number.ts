/** The rule of the number profile that a number breaks, if any (spec/canonical-json.md, "Numbers"). */
export function numberProblem(
  number: number,
): 'CANONICAL_JSON_NOT_FINITE' | 'CANONICAL_JSON_UNSAFE_INTEGER' | 'CANONICAL_JSON_NEGATIVE_ZERO' | undefined {
  if (Number.isSafeInteger(number)) return Object.is(number, -0) ? 'CANONICAL_JSON_NEGATIVE_ZERO' : undefined;
  if (!Number.isFinite(number)) return 'CANONICAL_JSON_NOT_FINITE';
  return Number.isInteger(number) ? 'CANONICAL_JSON_UNSAFE_INTEGER' : undefined;
}
