import { encodeUtf8 } from '@exoarmur/canonical';
import { describe, expect, it } from 'vitest';
import { answering, buildModule, counting, FOREVER, i64 } from '../../test/wasm-builder.ts';
import { FUEL_EXPORT, meterModule } from './metering.ts';
import { runWasmProvider } from './run-module.ts';

const REQUEST = encodeUtf8('{"request":true}');

describe('a WebAssembly provider', () => {
  it('answers bytes over the request it is handed', async () => {
    // The request, back as it came: pointer << 32 | length.
    const echo = buildModule({ verify: [0x20, 0, 0xad, 0x42, 32, 0x86, 0x20, 1, 0xad, 0x84] });
    expect(await runWasmProvider(echo, REQUEST)).toEqual({ outcome: 'answered', bytes: REQUEST });
    expect(await runWasmProvider(answering(encodeUtf8('{}')), REQUEST)).toEqual({
      outcome: 'answered',
      bytes: encodeUtf8('{}'),
    });
  });

  it.each([
    ['loops for ever', FOREVER, 'timed_out'],
    ['recurses for ever', [0x20, 0, 0x20, 1, 0x10, 1], 'crashed'],
    ['traps', [0x00], 'crashed'],
    ['divides by zero', [0x41, 1, 0x41, 0, 0x6d, 0xac], 'crashed'],
    ['reads outside of its memory', [0x41, 0x7f, 0x28, 2, 0, 0xad], 'crashed'],
    ['answers with bytes outside of its memory', [0x42, 0x7f], 'crashed'],
    ['answers with more than an answer may have', i64(65_537), 'crashed'],
    // loop; i32.const 1; memory.grow; drop; br 0; end
    ['takes memory for ever', [0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b, ...i64(0)], 'timed_out'],
  ])('that %s has no answer', async (_name, verify, outcome) => {
    expect((await runWasmProvider(buildModule({ verify }), REQUEST, 1_000_000)).outcome).toBe(outcome);
  });

  it('that grows beyond its declared maximum is told so, and goes on', async () => {
    // memory.grow(15) is refused with -1; a pointer of -1 + 1 and length 0 is an empty answer.
    const module = buildModule({ verify: [0x41, 15, 0x40, 0, 0x41, 1, 0x6a, 0xad] });
    expect(await runWasmProvider(module, REQUEST)).toEqual({ outcome: 'answered', bytes: new Uint8Array() });
  });

  it.each([
    ['is no module', encodeUtf8('not wasm')],
    ['imports something', buildModule({ verify: i64(0), extra: new Map([[2, [1, 1, 0x65, 1, 0x66, 0, 0]]]) })],
    ['declares no maximum of memory', buildModule({ verify: i64(0), memory: [0, 1] })],
    ['declares too much memory', buildModule({ verify: i64(0), memory: [1, 1, 0x81, 2] })],
    ['runs something at its start', buildModule({ verify: i64(0), extra: new Map([[8, [2]]]) })],
    ['exports no function of the name', buildModule({ verify: i64(0), exportAs: 'verify' })],
    ['exports its own fuel', buildModule({ verify: i64(0), exportAs: FUEL_EXPORT })],
    // i32.const 0, i32.const 0, i32.const 0, memory.fill
    ['fills memory in bulk', buildModule({ verify: [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, ...i64(0)] })],
    ['writes a global that is not its own', buildModule({ verify: [0x42, 9, 0x24, 0, ...i64(0)] })],
  ])('that %s is not run', async (_name, module) => {
    expect(await runWasmProvider(module, REQUEST)).toEqual({ outcome: 'load_failed' });
  });
});

describe('metering', () => {
  const fuelLeft = (module: Uint8Array, rounds: number, fuel = 100_000): bigint => {
    const metered = new WebAssembly.Module(new Uint8Array(meterModule(module, fuel)));
    const exports = new WebAssembly.Instance(metered, {}).exports as Record<string, WebAssembly.Global> & {
      exoarmur_verify: (pointer: number, length: number) => bigint;
    };
    try {
      exports.exoarmur_verify(0, rounds);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    }
    return exports[FUEL_EXPORT]?.value as bigint;
  };

  it('charges a function once and a loop for each round', () => {
    const loop = buildModule({ verify: counting() });
    // 9 instructions in the function, 6 of them in the loop.
    expect(fuelLeft(loop, 1)).toBe(100_000n - 9n - 6n);
    expect(fuelLeft(loop, 1000)).toBe(100_000n - 9n - 6000n);
  });

  it('traps when it is used up, never later than the instructions it paid for', () => {
    const loop = buildModule({ verify: counting() });
    expect(fuelLeft(loop, 1_000_000)).toBeLessThan(0n);
    expect(fuelLeft(loop, 16, 9 + 6 * 16)).toBe(0n);
    expect(fuelLeft(loop, 17, 9 + 6 * 16)).toBeLessThan(0n);
  });

  it('keeps the globals of the module and what it computes', () => {
    // One mutable i64 global of value 7, read and written by the module.
    const globals = [1, 0x7e, 1, 0x42, 7, 0x0b];
    const module = buildModule({ globals, verify: [0x23, 0, 0x42, 1, 0x7c, 0x24, 0, 0x23, 0] });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(meterModule(module, 1000))), {});
    expect((exports.exoarmur_verify as (a: number, b: number) => bigint)(0, 0)).toBe(8n);
  });

  it('charges nested loops and what a branch skips', () => {
    // loop; loop; local.get 1; i32.const 1; i32.sub; local.tee 1; br_if 0; end; end
    const nested = [0x03, 0x40, 0x03, 0x40, 0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0, 0x0b, 0x0b, ...i64(0)];
    expect(fuelLeft(buildModule({ verify: nested }), 10)).toBe(100_000n - 11n - 8n - 60n);
  });

  it('charges a result that is made canonical for the work that this is', () => {
    // f64.const 0; f64.const 0; f64.add; drop
    const add = [0x44, ...Array<number>(8).fill(0), 0x44, ...Array<number>(8).fill(0), 0xa0, 0x1a];
    expect(fuelLeft(buildModule({ verify: [...add, ...i64(0)] }), 1)).toBe(100_000n - 6n - 7n);
  });

  it('leaves nothing behind that means nothing', () => {
    // A custom section of the name `note`.
    const noted = buildModule({ verify: i64(0), extra: new Map([[0, [4, 0x6e, 0x6f, 0x74, 0x65, 1]]]) });
    const sections = (bytes: Uint8Array) =>
      WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(bytes)), 'note').length;
    expect([sections(noted), sections(meterModule(noted, 1000))]).toEqual([1, 0]);
  });
});
