import { describe, expect, it } from 'vitest';
import { ByteReader, encodeSigned, encodeU32, joinBytes } from './byte-reader.ts';

const malformed = expect.objectContaining({ code: 'GOVERNANCE_WASM_MALFORMED' });
const readerOf = (...bytes: number[]) => new ByteReader(Uint8Array.from(bytes));
const VALUES = [0, 1, 63, 64, 127, 128, 8191, 8192, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1];

describe('a reader of bytes', () => {
  it('reads every number as it was written', () => {
    for (const value of VALUES) expect(readerOf(...encodeU32(value)).u32()).toBe(value);
  });

  it('steps over every signed number that is written', () => {
    for (const value of VALUES) {
      const reader = readerOf(...encodeSigned(value), 0x0b);
      reader.skipSigned(64);
      expect(reader.byte()).toBe(0x0b);
    }
    // The sign of what is written is plus: the bit that says otherwise is not set.
    for (const value of VALUES) expect((encodeSigned(value).at(-1) ?? 0) & 0x40).toBe(0);
  });

  it.each<[string, () => unknown]>([
    ['a byte behind the end', () => readerOf().byte()],
    ['more bytes than there are', () => readerOf(1, 2).take(3)],
    ['a number that ends early', () => readerOf(0x80).u32()],
    ['a number of more than 32 bits', () => readerOf(0xff, 0xff, 0xff, 0xff, 0x1f).u32()],
    ['a number of more than five bytes', () => readerOf(0x80, 0x80, 0x80, 0x80, 0x80, 0).u32()],
    ['a signed number of more than it may have', () => readerOf(0x80, 0x80, 0x80, 0x80, 0x80, 0).skipSigned(32)],
  ])('refuses %s', (_what, read) => {
    expect(read).toThrow(malformed);
  });

  it('takes what there is, to the end', () => {
    const reader = readerOf(1, 2, 3);
    expect([reader.take(3), reader.isAtEnd]).toEqual([Uint8Array.of(1, 2, 3), true]);
  });
});

describe('joined bytes', () => {
  it('are the parts in order', () => {
    expect(joinBytes([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])).toEqual(Uint8Array.of(1, 2, 3));
  });
});
