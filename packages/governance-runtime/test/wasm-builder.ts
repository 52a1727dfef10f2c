import { encodeU32 } from '../src/wasm/byte-reader.ts';

const I32 = 0x7f;
const I64 = 0x7e;

/** Parts of a small provider module; each one can be left out or replaced to make it a hostile one. */
export interface ModuleParts {
  /** Body of `exoarmur_verify(pointer, length) -> i64`, without locals and without the final `end`. */
  readonly verify: readonly number[];
  /** Limits of the memory: flag, minimum, maximum. */
  readonly memory?: readonly number[];
  /** Bytes at address 0 when the module starts. */
  readonly data?: Uint8Array;
  /** Whole sections put in, by id. */
  readonly extra?: ReadonlyMap<number, readonly number[]>;
  /** Name under which the function is exported. */
  readonly exportAs?: string;
  readonly globals?: readonly number[];
  /** Names under which memory and allocation are exported. */
  readonly memoryName?: string;
  readonly allocName?: string;
  /** More exported functions, by name and index. */
  readonly exports?: readonly (readonly [string, number])[];
  /** Bodies of more functions without parameters and results, the first with the index 3. */
  readonly functions?: readonly (readonly number[])[];
  /** Locals of `exoarmur_verify`, of 64 bits. */
  readonly locals?: number;
}

const name = (text: string): number[] => [...encodeU32(text.length), ...new TextEncoder().encode(text)];
const section = (id: number, body: readonly number[]): number[] => [[id], encodeU32(body.length), body].flat();

/** Encodes a module: `exoarmur_alloc` always answers 65536, the start of the second page; function 2 does nothing. */
export function buildModule(parts: ModuleParts): Uint8Array {
  const { verify, memory = [1, 2, 16], data, extra = new Map(), exportAs = 'exoarmur_verify', globals } = parts;
  const { memoryName = 'memory', allocName = 'exoarmur_alloc', exports = [], functions = [], locals = 0 } = parts;
  const body = (code: readonly number[], declared: readonly number[] = [0]): number[] => {
    const full = [...declared, ...code, 0x0b];
    return [...encodeU32(full.length), ...full];
  };
  const sections = new Map<number, readonly number[]>([
    [1, [3, 0x60, 1, I32, 1, I32, 0x60, 2, I32, I32, 1, I64, 0x60, 0, 0]],
    [3, [3 + functions.length, 0, 1, 2, ...functions.map(() => 2)]],
    [5, [1, ...memory]],
    ...(globals === undefined ? [] : ([[6, globals]] as const)),
    [
      7,
      [
        ...[3 + exports.length, ...name(memoryName), 2, 0, ...name(allocName), 0, 0, ...name(exportAs), 0, 1],
        ...exports.flatMap(([text, index]) => [...name(text), 0, index]),
      ],
    ],
    // i32.const 65536
    [
      10,
      [
        ...[3 + functions.length, ...body([0x41, 0x80, 0x80, 0x04])],
        ...body(verify, locals === 0 ? [0] : [1, ...encodeU32(locals), I64]),
        ...body([]),
        ...functions.flatMap((code) => body(code)),
      ],
    ],
    ...(data === undefined ? [] : ([[11, [1, 0, 0x41, 0, 0x0b, ...encodeU32(data.length), ...data]]] as const)),
    ...extra,
  ]);
  return encodeModule(sections);
}

/** Encodes sections in the order of the format. */
export function encodeModule(sections: ReadonlyMap<number, readonly number[]>): Uint8Array {
  // The tag section has its place behind the memory.
  const place = (id: number): number => (id === 13 ? 5.5 : id);
  const ordered = [...sections].sort(([a], [b]) => place(a) - place(b));
  const parts = ordered.map(([id, content]) => section(id, content));
  return Uint8Array.from([[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], ...parts].flat());
}

/** i64.const of a value that is not negative. */
export function i64(value: number): number[] {
  const bytes = encodeU32(value);
  const last = bytes.at(-1) ?? 0;
  return [0x42, ...((last & 0x40) === 0 ? bytes : [...bytes.slice(0, -1), last | 0x80, 0])];
}

/** A module that answers the same bytes to everything. */
export function answering(bytes: Uint8Array): Uint8Array {
  return buildModule({ data: bytes, verify: i64(bytes.length) });
}

/** loop: br 0 */
export const FOREVER = [0x03, 0x40, 0x0c, 0x00, 0x0b, ...i64(0)];

/** A loop of `rounds` rounds over local 1, then `i64.const 0`. */
export function counting(): number[] {
  // loop; local.get 1; i32.const 1; i32.sub; local.tee 1; br_if 0; end
  return [0x03, 0x40, 0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0, 0x0b, ...i64(0)];
}
