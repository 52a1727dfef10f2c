import { encodeUtf8 } from '@exoarmur/canonical';
import { describe, expect, it } from 'vitest';
import { buildModule, encodeModule, FOREVER, i64, type ModuleParts } from '../../test/wasm-builder.ts';
import { ProviderModuleError, type ProviderModuleErrorCode } from '../errors.ts';
import { encodeU32 } from './byte-reader.ts';
import { meterModule } from './metering.ts';
import { runWasmProvider } from './run-module.ts';

const REQUEST = encodeUtf8('{}');
const ANSWER = i64(0);

function refusalOf(module: Uint8Array): ProviderModuleErrorCode | undefined {
  try {
    meterModule(module, 1_000_000);
    return undefined;
  } catch (error) {
    if (error instanceof ProviderModuleError) return error.code;
    throw error;
  }
}

const withSection = (id: number, body: readonly number[]): Partial<ModuleParts> => ({ extra: new Map([[id, body]]) });

describe('a module that cannot be bounded', () => {
  it.each<[string, ProviderModuleErrorCode, Partial<ModuleParts>]>([
    ['imports a function', 'GOVERNANCE_WASM_IMPORTS', withSection(2, [1, 1, 0x65, 1, 0x66, 0, 0])],
    ['declares no maximum of memory', 'GOVERNANCE_WASM_MEMORY_UNBOUNDED', { memory: [0, 1] }],
    ['declares a page too many', 'GOVERNANCE_WASM_MEMORY_UNBOUNDED', { memory: [1, 1, 0x81, 2] }],
    ['shares its memory', 'GOVERNANCE_WASM_MEMORY_UNBOUNDED', { memory: [3, 1, 1] }],
    ['has two memories', 'GOVERNANCE_WASM_MEMORY_UNBOUNDED', withSection(5, [2, 1, 1, 1, 1, 1, 1])],
    ['runs something at its start', 'GOVERNANCE_WASM_UNSUPPORTED', withSection(8, [2])],
    ['has exceptions', 'GOVERNANCE_WASM_UNSUPPORTED', withSection(13, [1, 0, 2])],
    [
      'has a table that is too large',
      'GOVERNANCE_WASM_UNSUPPORTED',
      withSection(4, [1, 0x70, 0, ...encodeU32(65_537)]),
    ],
    [
      'has a second such table',
      'GOVERNANCE_WASM_UNSUPPORTED',
      withSection(4, [2, 0x70, 1, 1, 1, 0x70, 0, ...encodeU32(65_537)]),
    ],
    ['has a table of anything', 'GOVERNANCE_WASM_UNSUPPORTED', withSection(4, [1, 0x6f, 0, 1])],
    [
      'counts in vectors',
      'GOVERNANCE_WASM_UNSUPPORTED',
      { verify: [0xfd, 12, ...Array<number>(16).fill(0), 0x1a, ...ANSWER] },
    ],
    ['calls in its tail', 'GOVERNANCE_WASM_UNSUPPORTED', { verify: [0x20, 0, 0x20, 1, 0x12, 1] }],
    ['has references', 'GOVERNANCE_WASM_UNSUPPORTED', { verify: [0xd0, 0x70, 0x1a, ...ANSWER] }],
    [
      'copies memory in bulk',
      'GOVERNANCE_WASM_UNSUPPORTED',
      { verify: [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 0, 0, ...ANSWER] },
    ],
    // i32.load whose alignment says that the index of a memory follows.
    ['names a memory', 'GOVERNANCE_WASM_UNSUPPORTED', { verify: [0x41, 0, 0x28, 0x42, 0, 0, 0x1a, ...ANSWER] }],
    ['is not well-typed', 'GOVERNANCE_WASM_MALFORMED', { verify: [] }],
  ])('because it %s is refused', async (_what, code, parts) => {
    const module = buildModule({ verify: ANSWER, ...parts });
    expect(refusalOf(module)).toBe(code);
    expect(await runWasmProvider(module, REQUEST)).toEqual({ outcome: 'load_failed' });
  });

  it('because it has addresses of 64 bits is refused, known to the engine or not', async () => {
    const module = buildModule({ verify: ANSWER, memory: [5, 1, 1] });
    const code = WebAssembly.validate(new Uint8Array(module)) ? 'MEMORY_UNBOUNDED' : 'MALFORMED';
    expect(refusalOf(module)).toBe(`GOVERNANCE_WASM_${code}`);
    expect(await runWasmProvider(module, REQUEST)).toEqual({ outcome: 'load_failed' });
  });

  it('because it ends early, or exports nothing, is refused', () => {
    const module = buildModule({ verify: ANSWER });
    for (const length of [0, 7, 20, module.length - 1]) {
      expect(refusalOf(module.slice(0, length))).toBe('GOVERNANCE_WASM_MALFORMED');
    }
    expect(refusalOf(encodeModule(new Map([[5, [1, 1, 1, 1]]])))).toBe('GOVERNANCE_WASM_MALFORMED');
  });

  it('has the tables and the memory that are allowed', () => {
    const table = withSection(4, [2, 0x70, 1, ...encodeU32(65_536), ...encodeU32(65_536), 0x70, 1, 1, 1]);
    expect(refusalOf(buildModule({ verify: ANSWER, memory: [1, 1, 0x80, 2], ...table }))).toBeUndefined();
  });
});

describe('a huge module', () => {
  const body = (code: readonly number[]): number[] => [...encodeU32(code.length + 2), 0, ...code, 0x0b];
  /** As the builder makes it, with functions behind its own. */
  const withFunctions = (count: number, code: readonly number[]): Uint8Array => {
    const own = [...body([0x41, 0x80, 0x80, 0x04]), ...body(ANSWER), ...body([])];
    const added = Array.from({ length: count }, () => body(code)).flat();
    return buildModule({
      verify: ANSWER,
      extra: new Map([
        [3, [...encodeU32(count + 3), 0, 1, 2, ...Array<number>(count).fill(2)]],
        [10, [...encodeU32(count + 3), ...own, ...added]],
      ]),
    });
  };

  it('of many functions runs as a small one does', async () => {
    const run = await runWasmProvider(withFunctions(200_000, []), REQUEST);
    expect(run).toEqual({ outcome: 'answered', bytes: new Uint8Array() });
  });

  it('of many loops runs, too', async () => {
    // loop; end
    const loops = Array.from({ length: 200_000 }, () => [0x03, 0x40, 0x0b]).flat();
    const run = await runWasmProvider(withFunctions(1, loops), REQUEST);
    expect(run).toEqual({ outcome: 'answered', bytes: new Uint8Array() });
  });

  it('that is nested deep runs', async () => {
    const nested = [
      ...Array.from({ length: 100_000 }, () => [0x02, 0x40]).flat(),
      ...Array<number>(100_000).fill(0x0b),
    ];
    expect((await runWasmProvider(withFunctions(1, nested), REQUEST)).outcome).toBe('answered');
  });
});

describe('a module that means harm', () => {
  it.each<[string, Partial<ModuleParts>, string]>([
    // Locals make each frame large.
    ['recurses with large frames', { locals: 10_000, verify: [0x20, 0, 0x20, 1, 0x10, 1] }, 'crashed'],
    ['takes room outside of its memory', { memory: [1, 1, 1], verify: ANSWER }, 'crashed'],
    ['has data outside of its memory', { memory: [1, 0, 1], data: encodeUtf8('data'), verify: ANSWER }, 'load_failed'],
    [
      'loops when it is initialised',
      { exports: [['_initialize', 3]], functions: [FOREVER.slice(0, 5)], verify: ANSWER },
      'timed_out',
    ],
    ['traps when it is initialised', { exports: [['_initialize', 3]], functions: [[0x00]], verify: ANSWER }, 'crashed'],
    ['gives no room for the request', { allocName: 'alloc', verify: ANSWER }, 'load_failed'],
    ['makes no memory visible', { memoryName: 'other', verify: ANSWER }, 'load_failed'],
    [
      'exports a function as its memory',
      { memoryName: 'other', exports: [['memory', 2]], verify: ANSWER },
      'load_failed',
    ],
  ])('and %s has no answer', async (_what, parts, outcome) => {
    const module = buildModule({ verify: ANSWER, ...parts });
    expect(await runWasmProvider(module, REQUEST, 10_000_000)).toEqual({ outcome });
  });

  it('is initialised before it is asked', async () => {
    // i32.const 0; i32.const 0x7d7b ("{}"); i32.store
    const initialize = [0x41, 0, 0x41, 0xfb, 0xfa, 0x01, 0x36, 2, 0];
    const module = buildModule({ exports: [['_initialize', 3]], functions: [initialize], verify: i64(2) });
    expect(await runWasmProvider(module, REQUEST)).toEqual({ outcome: 'answered', bytes: encodeUtf8('{}') });
  });

  it('and keeps something for the second run finds nothing', async () => {
    // global 0 counts its calls: (counter + 1) as the length of the answer.
    const globals = [1, 0x7e, 1, 0x42, 0, 0x0b];
    const module = buildModule({ globals, verify: [0x23, 0, 0x42, 1, 0x7c, 0x24, 0, 0x23, 0] });
    const runs = [await runWasmProvider(module, REQUEST), await runWasmProvider(module, REQUEST)];
    expect(runs).toEqual([runs[0], runs[0]]);
    expect(runs[0]).toEqual({ outcome: 'answered', bytes: new Uint8Array(1) });
  });
});
