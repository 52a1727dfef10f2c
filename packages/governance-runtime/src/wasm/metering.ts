import { encodeUtf8 } from '@exoarmur/canonical';
import { ProviderModuleError } from '../errors.ts';
import { ByteReader, encodeSigned, encodeU32, joinBytes } from './byte-reader.ts';
import { CANONICAL_NAN_BODIES, CANONICAL_NAN_COST, CANONICAL_NAN_TYPES, canonicalNanOf } from './canonical-nan.ts';
import { END, isOpener, LOOP, skipInstruction } from './instructions.ts';

/** The part that is needed of a global which the type library of ECMAScript does not have. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

/** Export under which the metered module shows what fuel is left: a mutable i64, negative when it ran out. */
export const FUEL_EXPORT = 'exoarmur_fuel';

/** Most memory of a provider: 256 pages of 64 KiB, 16 MiB. */
export const MAX_MEMORY_PAGES = 256;

/** Largest table of a provider, in elements. */
const MAX_TABLE_ELEMENTS = 65_536;

const HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  tag: 13,
} as const;

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/**
 * Rewrites a module so that every path through it pays: on entry a function pays the number of its instructions, and each round of
 * a loop the number of instructions inside. A path goes back only to the head of a loop, so what was paid is never less than what
 * was executed, and the same module over the same input pays the same everywhere. Without fuel it traps. A NaN has the same bits
 * everywhere, too.
 *
 * Takes modules without imports and start function, with exactly one memory that declares a maximum.
 * @throws ProviderModuleError
 */
export function meterModule(module: Uint8Array, fuel: number): Uint8Array {
  const bytes = new Uint8Array(module);
  // INVARIANT: valid before the rewriting, so no instruction of the module can name the global that is added.
  if (!WebAssembly.validate(bytes)) throw refuse('GOVERNANCE_WASM_MALFORMED', 'the module is not valid');
  const sections = readSections(bytes);
  requireBounds(sections);
  const bodyOf = (id: number): Uint8Array => sections.find((section) => section.id === id)?.body ?? Uint8Array.of(0);
  const countOf = (id: number): number => new ByteReader(bodyOf(id)).u32();
  const globals = bodyOf(SECTION.global);
  const fuelIndex = countOf(SECTION.global);
  const [types, functions] = [countOf(SECTION.type), countOf(SECTION.function)];
  const code = meterCode(bodyOf(SECTION.code), fuelIndex, functions);
  const parts: Uint8Array[] = [HEADER];
  let hasGlobals = false;
  for (const { id, body } of sections) {
    if (!hasGlobals && (id === SECTION.global || id >= SECTION.export)) {
      // An i64 (0x7e), mutable, initialised by a constant.
      parts.push(encodeSection(SECTION.global, append(globals, [0x7e, 0x01, 0x42, ...encodeSigned(fuel), END])));
      hasGlobals = true;
      if (id === SECTION.global) continue;
    }
    if (id === SECTION.export) parts.push(encodeSection(id, append(body, exportOf(fuelIndex))));
    else if (id === SECTION.type) parts.push(encodeSection(id, append(body, ...CANONICAL_NAN_TYPES)));
    else if (id === SECTION.function) {
      const added = CANONICAL_NAN_TYPES.map((_, index) => encodeU32(types + index));
      parts.push(encodeSection(id, append(body, ...added)));
    } else if (id === SECTION.code) parts.push(encodeSection(id, code));
    else parts.push(encodeSection(id, body));
  }
  return joinBytes(parts);
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes);
  reader.take(HEADER.length);
  const sections: Section[] = [];
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const body = reader.take(reader.u32());
    // Custom sections mean nothing to execution, and names would no longer fit.
    if (id !== SECTION.custom) sections.push({ id, body });
  }
  return sections;
}

function requireBounds(sections: readonly Section[]): void {
  const bodyOf = (id: number): Uint8Array | undefined => sections.find((section) => section.id === id)?.body;
  const imports = bodyOf(SECTION.import);
  if (imports !== undefined && new ByteReader(imports).u32() > 0) {
    throw refuse('GOVERNANCE_WASM_IMPORTS', 'the module imports something');
  }
  if (bodyOf(SECTION.start) !== undefined)
    throw refuse('GOVERNANCE_WASM_UNSUPPORTED', 'the module has a start function');
  if (bodyOf(SECTION.tag) !== undefined) throw refuse('GOVERNANCE_WASM_UNSUPPORTED', 'the module has exceptions');
  const memory = new ByteReader(bodyOf(SECTION.memory) ?? Uint8Array.of(0));
  if (memory.u32() !== 1) throw refuse('GOVERNANCE_WASM_MEMORY_UNBOUNDED', 'the module has not exactly one memory');
  const flags = memory.byte();
  memory.u32();
  if (flags !== 1 || memory.u32() > MAX_MEMORY_PAGES) {
    const message = `the memory declares no maximum of at most ${MAX_MEMORY_PAGES} pages`;
    throw refuse('GOVERNANCE_WASM_MEMORY_UNBOUNDED', message);
  }
  const tables = new ByteReader(bodyOf(SECTION.table) ?? Uint8Array.of(0));
  for (let left = tables.u32(); left > 0; left--) {
    if (tables.byte() !== 0x70)
      throw refuse('GOVERNANCE_WASM_UNSUPPORTED', 'a table holds something else than functions');
    const hasMaximum = tables.byte() === 1;
    if (tables.u32() > MAX_TABLE_ELEMENTS) throw refuse('GOVERNANCE_WASM_UNSUPPORTED', 'a table is too large');
    if (hasMaximum) tables.u32();
  }
  if (bodyOf(SECTION.export) === undefined) throw refuse('GOVERNANCE_WASM_MALFORMED', 'the module exports nothing');
}

function exportOf(fuelIndex: number): number[] {
  const name = encodeUtf8(FUEL_EXPORT);
  return [...encodeU32(name.length), ...name, 0x03, ...encodeU32(fuelIndex)];
}

/** Adds items to a vector. */
function append(vector: Uint8Array, ...items: readonly (readonly number[])[]): Uint8Array {
  const reader = new ByteReader(vector);
  const count = reader.u32();
  const added = items.map((item) => Uint8Array.from(item));
  return joinBytes([Uint8Array.from(encodeU32(count + items.length)), vector.subarray(reader.at), ...added]);
}

function encodeSection(id: number, body: Uint8Array): Uint8Array {
  return joinBytes([Uint8Array.from([id, ...encodeU32(body.length)]), body]);
}

/** The functions of the module, metered, and behind them those that make a NaN canonical, the first with the index `functions`. */
function meterCode(body: Uint8Array, fuelIndex: number, functions: number): Uint8Array {
  const reader = new ByteReader(body);
  const count = reader.u32();
  const parts: Uint8Array[] = [Uint8Array.from(encodeU32(count))];
  for (let i = 0; i < count; i++) {
    const metered = meterFunction(reader.take(reader.u32()), fuelIndex, functions);
    parts.push(Uint8Array.from(encodeU32(metered.length)), metered);
  }
  return append(joinBytes(parts), ...CANONICAL_NAN_BODIES.map((code) => [...encodeU32(code.length), ...code]));
}

interface Charge {
  /** Offset in the function body at which the payment is inserted. */
  readonly at: number;
  /** Instructions of the function that were read before it. */
  readonly before: number;
  cost: number;
}

/** A call that is inserted at an offset. */
interface Call {
  readonly at: number;
  readonly calls: number;
}

function meterFunction(body: Uint8Array, fuelIndex: number, functions: number): Uint8Array {
  const reader = new ByteReader(body);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.byte();
  }
  const whole: Charge = { at: reader.at, before: 0, cost: 0 };
  const insertions: (Charge | Call)[] = [whole];
  const open: (Charge | undefined)[] = [whole];
  let count = 0;
  while (open.length > 0) {
    const opcode = skipInstruction(reader);
    count += 1;
    const canonicalNan = canonicalNanOf(opcode);
    if (canonicalNan !== undefined) {
      count += CANONICAL_NAN_COST;
      insertions.push({ at: reader.at, calls: functions + canonicalNan });
    } else if (opcode === LOOP) {
      const charge: Charge = { at: reader.at, before: count, cost: 0 };
      insertions.push(charge);
      open.push(charge);
    } else if (isOpener(opcode)) open.push(undefined);
    else if (opcode === END) {
      const closed = open.pop();
      if (closed !== undefined) closed.cost = count - closed.before;
    }
  }
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const insertion of insertions) {
    const { at } = insertion;
    const added = 'calls' in insertion ? [0x10, ...encodeU32(insertion.calls)] : pay(fuelIndex, insertion.cost);
    parts.push(body.subarray(done, at), Uint8Array.from(added));
    done = at;
  }
  return joinBytes([...parts, body.subarray(done)]);
}

/** fuel = fuel - cost; if (fuel < 0) unreachable */
function pay(fuelIndex: number, cost: number): number[] {
  const index = encodeU32(fuelIndex);
  const subtract = [0x23, ...index, 0x42, ...encodeSigned(cost), 0x7d, 0x24, ...index];
  return [...subtract, 0x23, ...index, 0x42, 0x00, 0x53, 0x04, 0x40, 0x00, END];
}

function refuse(code: ProviderModuleError['code'], message: string): ProviderModuleError {
  return new ProviderModuleError(code, message);
}
