import { ProviderModuleError } from '../errors.ts';

/** Reads the integers of the WebAssembly binary format. Ends with GOVERNANCE_WASM_MALFORMED, never beyond the bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw malformed();
    return byte;
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.#bytes.length) throw malformed();
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) throw malformed();
        return value;
      }
    }
    throw malformed();
  }

  /** Steps over a signed LEB128 of at most `bits` bits; its value does not matter here. */
  skipSigned(bits: number): void {
    for (let read = 0; read < Math.ceil(bits / 7); read++) if (this.byte() < 0x80) return;
    throw malformed();
  }
}

function malformed(): ProviderModuleError {
  return new ProviderModuleError('GOVERNANCE_WASM_MALFORMED', 'the module is not well-formed');
}

/** Parts one after the other. There may be hundreds of thousands, more than a call takes arguments. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Unsigned LEB128. */
export function encodeU32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of a value that is not negative. */
export function encodeSigned(value: number): number[] {
  const bytes = encodeU32(value);
  const last = bytes.at(-1) ?? 0;
  // The sign bit of the last byte would make it negative.
  if ((last & 0x40) !== 0) return [...bytes.slice(0, -1), last | 0x80, 0];
  return bytes;
}
