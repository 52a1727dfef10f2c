import { describe, expect, it } from 'vitest';
import { buildModule } from '../../test/wasm-builder.ts';
import { meterModule } from './metering.ts';

const bytesOf = (bits: bigint, length: number): number[] =>
  Array.from({ length }, (_, index) => Number((bits >> BigInt(8 * index)) & 0xffn));
const f32 = (bits: bigint): number[] => [0x43, ...bytesOf(bits, 4)];
const f64 = (bits: bigint): number[] => [0x44, ...bytesOf(bits, 8)];

/** Negative NaN with a payload, quiet. */
const NAN32 = 0xffc0_beefn;
const NAN64 = 0xfff8_dead_beef_1234n;
const ONE32 = 0x3f80_0000n;
const ONE64 = 0x3ff0_0000_0000_0000n;

/** i32.reinterpret_f32; i64.extend_i32_u */
const BITS32 = [0xbc, 0xad];
/** i64.reinterpret_f64 */
const BITS64 = [0xbd];

function evaluate(code: readonly number[]): bigint {
  const module = new WebAssembly.Module(new Uint8Array(meterModule(buildModule({ verify: code }), 1000)));
  const { exoarmur_verify } = new WebAssembly.Instance(module, {}).exports as {
    exoarmur_verify: (pointer: number, length: number) => bigint;
  };
  return BigInt.asUintN(64, exoarmur_verify(0, 0));
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const hex = (opcode: number): string => `0x${opcode.toString(16)}`;

describe('a NaN has the same bits everywhere', () => {
  it.each([
    ...range(0x8d, 0x91).map((opcode) => [hex(opcode), [...f32(NAN32), opcode, ...BITS32], 0x7fc0_0000n] as const),
    ...range(0x92, 0x97).map(
      (opcode) => [hex(opcode), [...f32(ONE32), ...f32(NAN32), opcode, ...BITS32], 0x7fc0_0000n] as const,
    ),
    ...range(0x9b, 0x9f).map(
      (opcode) => [hex(opcode), [...f64(NAN64), opcode, ...BITS64], 0x7ff8_0000_0000_0000n] as const,
    ),
    ...range(0xa0, 0xa5).map(
      (opcode) => [hex(opcode), [...f64(ONE64), ...f64(NAN64), opcode, ...BITS64], 0x7ff8_0000_0000_0000n] as const,
    ),
    ['0xb6', [...f64(NAN64), 0xb6, ...BITS32], 0x7fc0_0000n] as const,
    ['0xbb', [...f32(NAN32), 0xbb, ...BITS64], 0x7ff8_0000_0000_0000n] as const,
  ])('that comes out of %s', (_opcode, code, expected) => {
    expect(evaluate(code)).toBe(expected);
  });

  it('that comes out of 0 / 0 and of the root of -1, which x86 and ARM sign differently', () => {
    expect(evaluate([...f64(0n), ...f64(0n), 0xa3, ...BITS64])).toBe(0x7ff8_0000_0000_0000n);
    expect(evaluate([...f32(0xbf80_0000n), 0x91, ...BITS32])).toBe(0x7fc0_0000n);
  });

  it('and numbers are what they were', () => {
    const half = 0x3fe0_0000_0000_0000n;
    expect(evaluate([...f64(half), ...f64(half), 0xa0, ...BITS64])).toBe(ONE64);
    // -0, infinity, and the smallest number there is.
    expect(evaluate([...f64(1n << 63n), 0x9b, ...BITS64])).toBe(1n << 63n);
    expect(evaluate([...f64(ONE64), ...f64(0n), 0xa3, ...BITS64])).toBe(0x7ff0_0000_0000_0000n);
    expect(evaluate([...f64(1n), ...f64(0n), 0xa0, ...BITS64])).toBe(1n);
    expect(evaluate([...f32(ONE32), ...f32(ONE32), 0x92, ...BITS32])).toBe(0x4000_0000n);
  });

  it('and bits that are only moved, or of which only the sign changes, stay', () => {
    expect(evaluate([...f64(NAN64), ...BITS64])).toBe(NAN64);
    expect(evaluate([...f64(NAN64), 0x9a, ...BITS64])).toBe(NAN64 ^ (1n << 63n));
  });
});
