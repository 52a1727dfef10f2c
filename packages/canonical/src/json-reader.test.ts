import { describe, expect, it } from 'vitest';
import { generate } from '../fuzz/json-reader.fuzz.ts';
import { expectRefusal } from '../test/errors.ts';
import { jsonReaderLaw, legacyReaderLaw } from '../test/laws.ts';
import { SeededRandom } from '../test/random.ts';
import { listVectors, readVectorBytes } from '../test/vectors.ts';
import { encodeUtf8 } from './bytes.ts';
import { canonicalize } from './canonical-json.ts';
import type { CanonicalErrorCode } from './errors.ts';
import { parseCanonicalJson, parseJson } from './json-reader.ts';
import { JSON_LIMITS } from './json-value.ts';

const REFUSED: readonly (readonly [string, CanonicalErrorCode, string])[] = [
  ['', 'CANONICAL_JSON_SYNTAX', ''],
  [' ', 'CANONICAL_JSON_SYNTAX', ''],
  ['nul', 'CANONICAL_JSON_SYNTAX', ''],
  ['tru', 'CANONICAL_JSON_SYNTAX', ''],
  ['falsy', 'CANONICAL_JSON_SYNTAX', ''],
  ['NaN', 'CANONICAL_JSON_SYNTAX', ''],
  ['Infinity', 'CANONICAL_JSON_SYNTAX', ''],
  ['+1', 'CANONICAL_JSON_SYNTAX', ''],
  ['.5', 'CANONICAL_JSON_SYNTAX', ''],
  ['-', 'CANONICAL_JSON_SYNTAX', ''],
  ['01', 'CANONICAL_JSON_TRAILING_DATA', ''],
  ['1.', 'CANONICAL_JSON_TRAILING_DATA', ''],
  ['1e', 'CANONICAL_JSON_TRAILING_DATA', ''],
  ['{} {}', 'CANONICAL_JSON_TRAILING_DATA', ''],
  ['{}\u0000', 'CANONICAL_JSON_TRAILING_DATA', ''],
  ['\u00a01', 'CANONICAL_JSON_SYNTAX', ''],
  ['\ufeff1', 'CANONICAL_JSON_BYTE_ORDER_MARK', ''],
  ['[', 'CANONICAL_JSON_SYNTAX', '/0'],
  ['[1', 'CANONICAL_JSON_SYNTAX', ''],
  ['[1 2]', 'CANONICAL_JSON_SYNTAX', ''],
  ['[1,]', 'CANONICAL_JSON_SYNTAX', '/1'],
  ['[,1]', 'CANONICAL_JSON_SYNTAX', '/0'],
  ['{', 'CANONICAL_JSON_SYNTAX', ''],
  ['{"a"}', 'CANONICAL_JSON_SYNTAX', '/a'],
  ['{"a":}', 'CANONICAL_JSON_SYNTAX', '/a'],
  ['{"a":1', 'CANONICAL_JSON_SYNTAX', ''],
  ['{"a":1,}', 'CANONICAL_JSON_SYNTAX', ''],
  ['{a:1}', 'CANONICAL_JSON_SYNTAX', ''],
  ["{'a':1}", 'CANONICAL_JSON_SYNTAX', ''],
  ['"', 'CANONICAL_JSON_SYNTAX', ''],
  ['"\\', 'CANONICAL_JSON_SYNTAX', ''],
  ['"\\x"', 'CANONICAL_JSON_SYNTAX', ''],
  ['"\\u00g0"', 'CANONICAL_JSON_SYNTAX', ''],
  ['"\\u+123"', 'CANONICAL_JSON_SYNTAX', ''],
  ['"\t"', 'CANONICAL_JSON_SYNTAX', ''],
  ['"\u0000"', 'CANONICAL_JSON_SYNTAX', ''],
  ['{"a":{"b/c":[0,"\\ud800"]}}', 'CANONICAL_JSON_LONE_SURROGATE', '/a/b~1c/1'],
  ['"\\udc00\\ud800"', 'CANONICAL_JSON_LONE_SURROGATE', ''],
  ['{"\\ud800":1}', 'CANONICAL_JSON_LONE_SURROGATE', ''],
  ['"\ud800"', 'CANONICAL_JSON_LONE_SURROGATE', ''],
  ['{"a":1,"a":2}', 'CANONICAL_JSON_DUPLICATE_KEY', '/a'],
  ['{"a":1,"\\u0061":2}', 'CANONICAL_JSON_DUPLICATE_KEY', '/a'],
  ['[{"__proto__":1,"__proto__":2}]', 'CANONICAL_JSON_DUPLICATE_KEY', '/0/__proto__'],
  ['{"a~":{"":1,"":2}}', 'CANONICAL_JSON_DUPLICATE_KEY', '/a~0/'],
  ['-0', 'CANONICAL_JSON_NEGATIVE_ZERO', ''],
  ['[-0.0]', 'CANONICAL_JSON_NEGATIVE_ZERO', '/0'],
  ['-0e5', 'CANONICAL_JSON_NEGATIVE_ZERO', ''],
  ['-1e-400', 'CANONICAL_JSON_NEGATIVE_ZERO', ''],
  ['1e400', 'CANONICAL_JSON_NOT_FINITE', ''],
  ['{"n":-1e999}', 'CANONICAL_JSON_NOT_FINITE', '/n'],
  ['9007199254740992', 'CANONICAL_JSON_UNSAFE_INTEGER', ''],
  ['9007199254740993', 'CANONICAL_JSON_UNSAFE_INTEGER', ''],
  ['-9007199254740992', 'CANONICAL_JSON_UNSAFE_INTEGER', ''],
  ['9007199254740991.5', 'CANONICAL_JSON_UNSAFE_INTEGER', ''],
  ['1e16', 'CANONICAL_JSON_UNSAFE_INTEGER', ''],
  ['9007199254740991.4', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
  ['4503599627370496.5', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
  ['-4503599627370496.5', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
  ['{"n":[1.00000000000000000001]}', 'CANONICAL_JSON_ROUNDED_NUMBER', '/n/0'],
  ['10000000000000000000001e-22', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
  ['0.99999999999999999999', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
  ['1e-400', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
  ['1e-99999999999999999999', 'CANONICAL_JSON_ROUNDED_NUMBER', ''],
];

describe('the strict reader', () => {
  it.each(REFUSED)('refuses %j with %s at %j', (text, code, pointer) => {
    expect(expectRefusal(code, () => parseJson(text)).pointer).toBe(pointer);
  });

  it('reads every kind of value, white space and escape', () => {
    const value = parseJson(
      ' {"s":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9é\\ud83d\\ude00","n":[0,-1,1.5e-3,1E2],\r\n\t"w":[true,false,null],"e":[{},[]]} ',
    );
    expect(value).toEqual({
      s: '"\\/\b\f\n\r\téé😀',
      n: [0, -1, 0.0015, 100],
      w: [true, false, null],
      e: [{}, []],
    });
  });

  it.each([
    ['1.0', 1],
    ['-20.000e+0', -20],
    ['1.5e1', 15],
    ['0.0000012e7', 12],
    ['1200e-2', 12],
    ['0.10e1', 1],
    ['0.0', 0],
    ['0e5', 0],
    ['0.000e-400', 0],
    ['9007199254740991.000', 9007199254740991],
    ['900719925474099.1e1', 9007199254740991],
    ['9007199254740990e0', 9007199254740990],
    ['4503599627370495.5', 4503599627370495.5],
    ['5e-324', 5e-324],
    ['0.30000000000000000001', 0.3],
  ])('reads the spelling %s of a number', (text, number) => {
    expect(parseJson(text)).toBe(number);
  });

  it('cuts a long key in the pointer of a refusal, never inside a pair', () => {
    const pointer = (key: string) =>
      expectRefusal('CANONICAL_JSON_DUPLICATE_KEY', () => parseJson(`{"x":{"${key}":1,"${key}":2}}`)).pointer;
    expect(pointer('k'.repeat(40))).toBe(`/x/${'k'.repeat(40)}`);
    expect(pointer('k'.repeat(41))).toBe(`/x/${'k'.repeat(40)}…`);
    expect(pointer(`${'k'.repeat(39)}😀`)).toBe(`/x/${'k'.repeat(39)}…`);
    expect(pointer('/'.repeat(1_000_000))).toBe(`/x/${'~1'.repeat(40)}…`);
  });

  it('makes hostile keys into plain members', () => {
    const value = parseJson('{"__proto__":{"polluted":1},"constructor":2,"toString":3}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(value)).toBe(null);
    expect(({} as Record<string, unknown>).polluted).toBe(undefined);
    expect(canonicalize(value)).toBe('{"__proto__":{"polluted":1},"constructor":2,"toString":3}');
  });

  it('counts bytes, not characters, against the size limit', () => {
    expect(parseJson('"é"', { maxBytes: 4 })).toBe('é');
    for (const input of ['"é"', encodeUtf8('"é"')]) {
      expectRefusal('CANONICAL_JSON_TOO_LARGE', () => parseJson(input, { maxBytes: 3 }));
    }
    expectRefusal('CANONICAL_JSON_TOO_LARGE', () => parseCanonicalJson(encodeUtf8('12'), { maxBytes: 1 }));
    expectRefusal('CANONICAL_JSON_TOO_LARGE', () => parseJson(' '.repeat(JSON_LIMITS.maxBytes + 1)));
  });

  it('counts containers against the depth limit', () => {
    const nested = (depth: number) => '[{"a":'.repeat(depth / 2) + 0 + '}]'.repeat(depth / 2);
    expect(canonicalize(parseJson(nested(64)))).toBe(nested(64));
    const error = expectRefusal('CANONICAL_JSON_TOO_DEEP', () => parseJson(`[${nested(64)}]`));
    expect(error.pointer?.split('/')).toHaveLength(65);
    expect(parseJson('[[]]', { maxDepth: 2 })).toEqual([[]]);
    expectRefusal('CANONICAL_JSON_TOO_DEEP', () => parseJson('[[]]', { maxDepth: 1 }));
    expectRefusal('CANONICAL_JSON_TOO_DEEP', () => parseJson('['.repeat(1_000_000)));
  });

  it('refuses bytes that are not UTF-8', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xe2, 0x82],
    ]) {
      expectRefusal('CANONICAL_UTF8_MALFORMED', () => parseJson(Uint8Array.from(bytes)));
    }
    expectRefusal('CANONICAL_JSON_BYTE_ORDER_MARK', () => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31)));
  });
});

describe('the canonical reader', () => {
  it.each(['{"b":1,"a":2}', '{"a": 1}', '[1 ]', '"\\u0061"', '"\\/"', '1.0', '1e2', '0.1e1', '"\\u00E9"', '[1]\n'])(
    'refuses the spelling %j',
    (text) => {
      expectRefusal('CANONICAL_JSON_NOT_CANONICAL', () => parseCanonicalJson(encodeUtf8(text)));
    },
  );

  it.each(['{"a":2,"b":1}', '[1,1.5,1e-7,100]', '"é\u2028\u007f"', '"\\u001f\\n"', 'null', '{"\ufb33":1}'])(
    'reads %j',
    (text) => {
      expect(canonicalize(parseCanonicalJson(encodeUtf8(text)))).toBe(text);
    },
  );
});

describe('the laws of the readers', () => {
  it.each(listVectors('fuzz/json-reader'))('hold for the kept input %s', (file) => {
    const input = readVectorBytes(`fuzz/json-reader/${file}`);
    jsonReaderLaw(input);
    legacyReaderLaw(input);
  });

  it('hold for generated inputs', () => {
    const random = new SeededRandom(7);
    for (let i = 0; i < 5000; i++) {
      const input = generate(random);
      jsonReaderLaw(input);
      legacyReaderLaw(input);
    }
  });
});

describe('the work of the reader', () => {
  const hostile: Record<string, (size: number) => string> = {
    'one long string': (n) => `"${'a'.repeat(n)}"`,
    'many escapes': (n) => `"${'\\n'.repeat(n / 2)}"`,
    'an unterminated string': (n) => `"${'a'.repeat(n)}`,
    'one long number': (n) => `0.${'1'.repeat(n)}`,
    'one long integer with zeros': (n) => `1.${'0'.repeat(n)}`,
    'one long number with zeros inside': (n) => `1.${'0'.repeat(n)}1`,
    'many keys': (n) => `{${Array.from({ length: n / 12 }, (_, i) => `"key${i}":1`).join(',')}}`,
    'many integer keys': (n) => `{${Array.from({ length: n / 8 }, (_, i) => `"${i}":1`).join(',')}}`,
    'many empty arrays': (n) => `[${Array.from({ length: n / 3 }, () => '[]').join(',')}]`,
    'white space': (n) => `${' '.repeat(n)}1`,
  };

  const cost = (text: string, times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) {
      try {
        parseJson(text);
      } catch {
        // A refusal is work too.
      }
    }
    return performance.now() - start;
  };

  // The same number of bytes in one document and in 64: a linear reader takes about as long, a quadratic one 64 times as
  // long. The best of several tries counts, so that a busy machine does not decide.
  it.each(Object.entries(hostile))('grows with the size of %s, not with its square', (_, make) => {
    const small = make(1 << 14);
    const large = make(1 << 20);
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 10 && best > 16; attempt++) best = Math.min(best, cost(large, 1) / cost(small, 64));
    expect(best).toBeLessThan(16);
  });
});
