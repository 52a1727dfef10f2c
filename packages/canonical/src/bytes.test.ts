import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { SeededRandom } from '../test/random.ts';
import { decodeBase64, decodeBase64Any, encodeBase64 } from './base64.ts';
import { concatBytes, decodeUtf8, encodeUtf8, equalBytes, isWellFormed } from './bytes.ts';
import { decodeHex, encodeHex } from './hex.ts';

const random = new SeededRandom(3);

describe('base64', () => {
  it('agrees with the runtime for every length to 100', () => {
    for (let length = 0; length <= 100; length++) {
      const bytes = random.bytes(length);
      const text = Buffer.from(bytes).toString('base64');
      expect(encodeBase64(bytes)).toBe(text);
      expect(decodeBase64(text)).toEqual(bytes);
      expect(decodeBase64Any(text)).toEqual(bytes);
      expect(decodeBase64Any(Buffer.from(bytes).toString('base64url'))).toEqual(bytes);
    }
  });

  it('has one text for each byte string: every other two-byte text is refused', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \n';
    let accepted = 0;
    for (const a of alphabet) {
      for (const b of alphabet) {
        try {
          expect(encodeBase64(decodeBase64(`${a}${b}==`))).toBe(`${a}${b}==`);
          accepted++;
        } catch {
          expectRefusal('CANONICAL_BASE64_MALFORMED', () => decodeBase64(`${a}${b}==`));
        }
      }
    }
    expect(accepted).toBe(256);
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AAA==',
    '====',
    '=',
    'A===',
    'AB==',
    'AAB=',
    'AA-=',
    'AA_=',
    ' AAAA',
    'AAAA\n',
    'AA\u0100=',
    'AA==AA==',
  ])('refuses %j as standard base64', (text) => {
    expectRefusal('CANONICAL_BASE64_MALFORMED', () => decodeBase64(text));
  });

  it.each(['A', 'AB', 'AAB', 'AA=', '+_==', '-/8', 'AA ', 'AAAAA'])('refuses %j in either alphabet', (text) => {
    expectRefusal('CANONICAL_BASE64_MALFORMED', () => decodeBase64Any(text));
  });
});

describe('hex', () => {
  it('has one text for each byte', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(encodeHex(all)).toBe(Buffer.from(all).toString('hex'));
    expect(decodeHex(encodeHex(all))).toEqual(all);
  });

  it.each(['0', 'AB', '0g', ' 00', '00\n', '0x00'])('refuses %j', (text) => {
    expectRefusal('CANONICAL_HEX_MALFORMED', () => decodeHex(text));
  });
});

describe('UTF-8', () => {
  it('keeps a byte-order mark and refuses what it cannot hold', () => {
    expect(decodeUtf8(encodeUtf8('\ufeffé😀'))).toBe('\ufeffé😀');
    expectRefusal('CANONICAL_UTF8_MALFORMED', () => encodeUtf8('\udc00'));
    expectRefusal('CANONICAL_UTF8_MALFORMED', () => decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80)));
    expect([isWellFormed('😀'), isWellFormed('\ude00\ud83d')]).toEqual([true, false]);
  });
});

describe('byte strings', () => {
  it('are equal only byte for byte', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false);
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  });
});
