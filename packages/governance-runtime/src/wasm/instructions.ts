import { ProviderModuleError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';

export const LOOP = 0x03;
export const END = 0x0b;
const OPENERS: ReadonlySet<number> = new Set([0x02, LOOP, 0x04]);

/** Whether an instruction opens a nesting that an `end` closes: `block`, `loop`, `if`. */
export function isOpener(opcode: number): boolean {
  return OPENERS.has(opcode);
}

/**
 * Steps over one instruction and returns its opcode. Knows the instructions of WebAssembly 1.0 with sign extension, saturating
 * conversion and multiple values. Every other one is refused, because what it costs is not known: bulk memory takes time by its
 * operand, threads and relaxed vectors may answer differently.
 */
export function skipInstruction(reader: ByteReader): number {
  const opcode = reader.byte();
  if (isOpener(opcode)) reader.skipSigned(33);
  else if (opcode === 0x0c || opcode === 0x0d || opcode === 0x10) reader.u32();
  else if (opcode === 0x0e) for (let left = reader.u32() + 1; left > 0; left--) reader.u32();
  else if (opcode === 0x11) {
    reader.u32();
    reader.u32();
  } else if (opcode === 0x1c) for (let left = reader.u32(); left > 0; left--) reader.byte();
  else if (opcode >= 0x20 && opcode <= 0x24) reader.u32();
  else if (opcode >= 0x28 && opcode <= 0x3e) {
    if (reader.u32() >= 0x40) throw unsupported(opcode);
    reader.u32();
  } else if (opcode === 0x3f || opcode === 0x40) reader.byte();
  else if (opcode === 0x41) reader.skipSigned(32);
  else if (opcode === 0x42) reader.skipSigned(64);
  else if (opcode === 0x43) reader.take(4);
  else if (opcode === 0x44) reader.take(8);
  else if (opcode === 0xfc) {
    if (reader.u32() > 7) throw unsupported(opcode);
  } else if (!isPlain(opcode)) throw unsupported(opcode);
  return opcode;
}

/** Instructions without immediates: control, `drop`, `select`, comparison, arithmetic, conversion, sign extension. */
function isPlain(opcode: number): boolean {
  if (opcode === 0x00 || opcode === 0x01 || opcode === 0x05 || opcode === END || opcode === 0x0f) return true;
  return opcode === 0x1a || opcode === 0x1b || (opcode >= 0x45 && opcode <= 0xc4);
}

function unsupported(opcode: number): ProviderModuleError {
  const text = opcode.toString(16).padStart(2, '0');
  return new ProviderModuleError('GOVERNANCE_WASM_UNSUPPORTED', `instruction 0x${text} is not supported`);
}
