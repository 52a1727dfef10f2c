import { decodeTime, isValid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../test/random.ts';
import { createUlid, encodeUlid, isUlid } from './ulid.ts';

describe('ULIDs', () => {
  it.each([
    [new Uint8Array(16), '0'.repeat(26)],
    [new Uint8Array(16).fill(255), `7${'Z'.repeat(25)}`],
    [Uint8Array.from({ length: 16 }, (_, i) => i), '00041061050R3GG28A1C60T3GF'],
  ])('encode sixteen bytes (%#)', (bytes, text) => {
    expect(encodeUlid(bytes)).toBe(text);
  });

  it('carry the time that another implementation reads back', () => {
    const random = new SeededRandom(11);
    for (const epochMs of [0, 1, 1_700_000_000_000, 2 ** 48 - 1]) {
      const id = createUlid(epochMs, random.bytes(10));
      expect([isUlid(id), isValid(id), decodeTime(id)]).toEqual([true, true, epochMs]);
    }
  });

  it('sort by time and then by the random bytes', () => {
    const low = createUlid(5, new Uint8Array(10));
    const middle = createUlid(5, new Uint8Array(10).fill(1));
    expect([createUlid(6, new Uint8Array(10)), middle, low].sort()[0]).toBe(low);
    expect(middle > low).toBe(true);
  });

  it.each([
    '',
    '8'.repeat(26),
    'Z'.repeat(26),
    `0${'I'.repeat(25)}`,
    `0${'l'.repeat(25)}`,
    '0'.repeat(25),
    '0'.repeat(27),
    7,
  ])('are not %j', (value) => {
    expect(isUlid(value)).toBe(false);
  });

  it('refuse a time or a number of bytes out of range', () => {
    for (const epochMs of [-1, 0.5, 2 ** 48]) expect(() => createUlid(epochMs, new Uint8Array(10))).toThrow(RangeError);
    expect(() => createUlid(0, new Uint8Array(9))).toThrow(RangeError);
    expect(() => encodeUlid(new Uint8Array(15))).toThrow(RangeError);
  });
});
