// The bits of a NaN that comes out of arithmetic are the machine's choice (WebAssembly Core 2.0, 4.3.3). Each such result goes through a
// function that is added to the module and gives one NaN for all of them, so that no machine answers otherwise than another.

/** Instructions of which the bits of a NaN result are open. Not `abs`, `neg` and `copysign`: they change the sign bit only. */
const F32_RESULTS: ReadonlySet<number> = new Set([
  ...[0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97],
  // f32.demote_f64
  0xb6,
]);
const F64_RESULTS: ReadonlySet<number> = new Set([
  ...[0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5],
  // f64.promote_f32
  0xbb,
]);

/** Instructions that are executed more for one result: the call and the body. */
export const CANONICAL_NAN_COST = 7;

/** Types of the two functions, `f32 -> f32` and `f64 -> f64`. */
export const CANONICAL_NAN_TYPES: readonly (readonly number[])[] = [
  [0x60, 1, 0x7d, 1, 0x7d],
  [0x60, 1, 0x7c, 1, 0x7c],
];

/** Their bodies: `x == x ? x : nan`, with the positive quiet NaN of no payload. */
export const CANONICAL_NAN_BODIES: readonly (readonly number[])[] = [
  // local.get 0; f32.const nan; local.get 0; local.get 0; f32.eq; select; end
  [0x00, 0x20, 0, 0x43, 0, 0, 0xc0, 0x7f, 0x20, 0, 0x20, 0, 0x5b, 0x1b, 0x0b],
  [0x00, 0x20, 0, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x20, 0, 0x20, 0, 0x61, 0x1b, 0x0b],
];

/** Which of the two functions the result of an instruction goes through, if any. */
export function canonicalNanOf(opcode: number): 0 | 1 | undefined {
  if (F32_RESULTS.has(opcode)) return 0;
  return F64_RESULTS.has(opcode) ? 1 : undefined;
}
