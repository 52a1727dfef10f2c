import { concatBytes, encodeUtf8 } from '@exoarmur/canonical';
import { ProviderModuleError } from '../errors.ts';
import { ByteReader, encodeSigned, encodeU32 } from './byte-reader.ts';
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
  import: 2,
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
 * was executed, and the same module over the same input pays the same everywhere. Without fuel it traps.
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
  const globals = sections.find(({ id }) => id === SECTION.global)?.body ?? Uint8Array.of(0);
  const fuelIndex = new ByteReader(globals).u32();
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
    else if (id === SECTION.code) parts.push(encodeSection(id, meterCode(body, fuelIndex)));
    else parts.push(encodeSection(id, body));
  }
  return concatBytes(...parts);
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

/** Adds one item to a vector. */
function append(vector: Uint8Array, item: readonly number[]): Uint8Array {
  const reader = new ByteReader(vector);
  const count = reader.u32();
  return concatBytes(Uint8Array.from(encodeU32(count + 1)), vector.subarray(reader.at), Uint8Array.from(item));
}

function encodeSection(id: number, body: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.from([id, ...encodeU32(body.length)]), body);
}

function meterCode(body: Uint8Array, fuelIndex: number): Uint8Array {
  const reader = new ByteReader(body);
  const count = reader.u32();
  const parts: Uint8Array[] = [Uint8Array.from(encodeU32(count))];
  for (let i = 0; i < count; i++) {
    const metered = meterFunction(reader.take(reader.u32()), fuelIndex);
    parts.push(Uint8Array.from(encodeU32(metered.length)), metered);
  }
  return concatBytes(...parts);
}

interface Charge {
  /** Offset in the function body at which the payment is inserted. */
  readonly at: number;
  /** Instructions of the function that were read before it. */
  readonly before: number;
  cost: number;
}

function meterFunction(body: Uint8Array, fuelIndex: number): Uint8Array {
  const reader = new ByteReader(body);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.byte();
  }
  const whole: Charge = { at: reader.at, before: 0, cost: 0 };
  const charges = [whole];
  const open: (Charge | undefined)[] = [whole];
  let count = 0;
  while (open.length > 0) {
    const opcode = skipInstruction(reader);
    count += 1;
    if (opcode === LOOP) {
      const charge: Charge = { at: reader.at, before: count, cost: 0 };
      charges.push(charge);
      open.push(charge);
    } else if (isOpener(opcode)) open.push(undefined);
    else if (opcode === END) {
      const closed = open.pop();
      if (closed !== undefined) closed.cost = count - closed.before;
    }
  }
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const { at, cost } of charges) {
    parts.push(body.subarray(done, at), pay(fuelIndex, cost));
    done = at;
  }
  return concatBytes(...parts, body.subarray(done));
}

/** fuel = fuel - cost; if (fuel < 0) unreachable */
function pay(fuelIndex: number, cost: number): Uint8Array {
  const index = encodeU32(fuelIndex);
  const subtract = [0x23, ...index, 0x42, ...encodeSigned(cost), 0x7d, 0x24, ...index];
  return Uint8Array.from([...subtract, 0x23, ...index, 0x42, 0x00, 0x53, 0x04, 0x40, 0x00, END]);
}

function refuse(code: ProviderModuleError['code'], message: string): ProviderModuleError {
  return new ProviderModuleError(code, message);
}
