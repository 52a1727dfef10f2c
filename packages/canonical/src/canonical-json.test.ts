import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { decodeUtf8 } from './bytes.ts';
import { canonicalize, canonicalizeToBytes } from './canonical-json.ts';
import type { CanonicalErrorCode } from './errors.ts';
import { parseJson } from './json-reader.ts';

class Point {
  x = 1;
}

const REFUSED: readonly (readonly [string, () => unknown, CanonicalErrorCode, string])[] = [
  ['undefined', () => undefined, 'CANONICAL_JSON_UNSUPPORTED_TYPE', ''],
  ['an undefined member', () => ({ a: undefined }), 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/a'],
  ['a function', () => ({ a: [() => 1] }), 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/a/0'],
  ['a symbol', () => [Symbol('x')], 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/0'],
  ['a bigint', () => ({ 'a/b~c': 1n }), 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/a~1b~0c'],
  ['a Date', () => new Date(0), 'CANONICAL_JSON_UNSUPPORTED_TYPE', ''],
  ['a Map', () => ({ m: new Map() }), 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/m'],
  ['bytes', () => [new Uint8Array(1)], 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/0'],
  ['a boxed string', () => Object('x'), 'CANONICAL_JSON_UNSUPPORTED_TYPE', ''],
  ['a class instance', () => [new Point()], 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/0'],
  ['an array of a subclass', () => new (class extends Array {})(), 'CANONICAL_JSON_UNSUPPORTED_TYPE', ''],
  ['toJSON', () => ({ toJSON: () => 1 }), 'CANONICAL_JSON_UNSUPPORTED_TYPE', '/toJSON'],
  ['a hole', () => Object.assign(new Array(3), { 0: 1, 2: 2 }), 'CANONICAL_JSON_SPARSE_ARRAY', '/1'],
  ['a long empty array', () => new Array(3), 'CANONICAL_JSON_SPARSE_ARRAY', '/0'],
  ['NaN', () => [Number.NaN], 'CANONICAL_JSON_NOT_FINITE', '/0'],
  ['infinity', () => Number.NEGATIVE_INFINITY, 'CANONICAL_JSON_NOT_FINITE', ''],
  ['negative zero', () => ({ z: -0 }), 'CANONICAL_JSON_NEGATIVE_ZERO', '/z'],
  ['2^53', () => [2 ** 53], 'CANONICAL_JSON_UNSAFE_INTEGER', '/0'],
  ['1e300', () => 1e300, 'CANONICAL_JSON_UNSAFE_INTEGER', ''],
  ['a lone surrogate', () => ({ s: 'a\ud800' }), 'CANONICAL_JSON_LONE_SURROGATE', '/s'],
  ['a lone surrogate in a key', () => ({ '\udc00': 1 }), 'CANONICAL_JSON_LONE_SURROGATE', '/\udc00'],
];

describe('the canonical writer', () => {
  it.each(REFUSED)('refuses %s', (_, make, code, pointer) => {
    expect(expectRefusal(code, () => canonicalize(make())).pointer).toBe(pointer);
  });

  it('refuses accessors without calling them', () => {
    let calls = 0;
    const getter = { get: () => ++calls, enumerable: true };
    expectRefusal('CANONICAL_JSON_ACCESSOR', () => canonicalize(Object.defineProperty({ a: 1 }, 'b', getter)));
    expectRefusal('CANONICAL_JSON_ACCESSOR', () => canonicalize({ o: Object.defineProperty({}, 'b', getter) }));
    expectRefusal('CANONICAL_JSON_ACCESSOR', () => canonicalize(Object.defineProperty([0], 0, getter)));
    const setter = { set: () => {}, enumerable: true };
    expectRefusal('CANONICAL_JSON_ACCESSOR', () => canonicalize(Object.defineProperty({}, 'b', setter)));
    expect(calls).toBe(0);
  });

  it('writes the examples of RFC 8785', () => {
    const sorting = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect(canonicalize(sorting)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    expect(canonicalize([333333333.3333333, 4.5, 2e-3, 1e-27, '\u20ac$\u000f\nA\'B"\\\\"/'])).toBe(
      '[333333333.3333333,4.5,0.002,1e-27,"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]',
    );
  });

  it('gives one text for every insertion order and nesting', () => {
    const permutations = [
      { a: [{ y: 1, x: 2 }], b: { d: null, c: true } },
      { b: { c: true, d: null }, a: [{ x: 2, y: 1 }] },
    ];
    for (const value of permutations) expect(canonicalize(value)).toBe('{"a":[{"x":2,"y":1}],"b":{"c":true,"d":null}}');
  });

  it('orders keys that objects list as numbers as text', () => {
    expect(canonicalize({ 10: 1, 2: 2, 1: 3, '01': 4, '-1': 5 })).toBe('{"-1":5,"01":4,"1":3,"10":1,"2":2}');
  });

  it('writes a backslash before ud without taking it for a surrogate', () => {
    expect(canonicalize({ a: '\\ud800', b: '😀' })).toBe('{"a":"\\\\ud800","b":"😀"}');
  });

  it('takes objects without a prototype and keys of the prototype', () => {
    const bare = Object.assign(Object.create(null), { b: 1, a: { constructor: 1, hasOwnProperty: 2 } });
    expect(canonicalize(bare)).toBe('{"a":{"constructor":1,"hasOwnProperty":2},"b":1}');
    expect(canonicalize(parseJson('{"b":1,"__proto__":2,"a":3}'))).toBe('{"__proto__":2,"a":3,"b":1}');
  });

  it('writes 64 levels and refuses 65, for arrays and objects', () => {
    const nest = (depth: number, wrap: (inner: unknown) => unknown) => {
      let value: unknown = 1;
      for (let i = 0; i < depth; i++) value = wrap(value);
      return value;
    };
    for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ a: inner })]) {
      expect(canonicalize(nest(64, wrap)).length).toBeGreaterThan(64);
      expectRefusal('CANONICAL_JSON_TOO_DEEP', () => canonicalize(nest(65, wrap)));
      expectRefusal('CANONICAL_JSON_TOO_DEEP', () => canonicalize(nest(20_000, wrap)));
    }
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expectRefusal('CANONICAL_JSON_TOO_DEEP', () => canonicalize(cycle));
  });

  it('does not call a toJSON that someone put on a built-in prototype', () => {
    const prototypes = [Object.prototype, Array.prototype] as object[];
    for (const prototype of prototypes) {
      Object.defineProperty(prototype, 'toJSON', { value: () => 'changed', configurable: true });
      try {
        expect(canonicalize({ b: [1], a: {} })).toBe('{"a":{},"b":[1]}');
      } finally {
        Reflect.deleteProperty(prototype, 'toJSON');
      }
    }
  });

  it('writes what it checked when an object answers differently each time', () => {
    let reads = 0;
    const shifty = new Proxy(
      { a: 1, b: 2 },
      {
        getOwnPropertyDescriptor: (_, key) => ({
          value: key === 'a' ? ++reads : 2,
          enumerable: true,
          configurable: true,
          writable: true,
        }),
        get: () => () => 'never read',
      },
    );
    expect(canonicalize(shifty)).toMatch(/^\{"a":[0-9]+,"b":2\}$/);
  });

  it('neither reads nor refuses properties that are not enumerable or named by a symbol', () => {
    let calls = 0;
    const hide = (value: object) => {
      Object.defineProperty(value, 'hidden', { get: () => ++calls, enumerable: false });
      return Object.defineProperty(value, Symbol('s'), { get: () => ++calls, enumerable: true });
    };
    expect(canonicalize(hide({ b: hide([1]), a: 2 }))).toBe('{"a":2,"b":[1]}');
    expect(canonicalize(hide({ 1: 2 }))).toBe('{"1":2}');
    expect(calls).toBe(0);
  });

  it('stays right when its plans are evicted', () => {
    for (let i = 0; i < 3000; i++) {
      const key = `k${i % 1500}`;
      expect(canonicalize({ z: i, [key]: 1, a: key })).toBe(`{"a":"${key}","${key}":1,"z":${i}}`);
      expect(canonicalize({ same: 1, [key]: 1 })).toBe(`{"${key}":1,"same":1}`);
    }
  });

  it('writes scalars that stand alone', () => {
    const scalars = [null, true, false, 0, -1.5, '', 'a"b'];
    expect(scalars.map((scalar) => canonicalize(scalar))).toEqual([
      'null',
      'true',
      'false',
      '0',
      '-1.5',
      '""',
      '"a\\"b"',
    ]);
    expect(canonicalize({ 1: null })).toBe('{"1":null}');
  });

  it('stops where the text passes the limit, also for a small value with many shared parts', () => {
    const tooLarge = expect.objectContaining({ code: 'CANONICAL_JSON_TOO_LARGE' });
    let doubled: unknown = [1];
    for (let level = 0; level < 40; level++) doubled = [doubled, doubled];
    expect(() => canonicalize(doubled, { maxBytes: 10_000 })).toThrow(tooLarge);
    let named: unknown = {};
    for (let i = 0; i < 40; i++) named = { a: named, b: named };
    expect(() => canonicalize(named, { maxBytes: 10_000 })).toThrow(tooLarge);
    // Written out, either of these is longer than a string can be.
    const long = 'x'.repeat(2 ** 24);
    const members = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`m${i}`, long]));
    for (const many of [Array(40).fill(long), members]) {
      expect(() => canonicalize(many, { maxBytes: 10_000 })).toThrow(tooLarge);
    }
    const value = { a: [1, null, true, 'x'], b: 'é' };
    const size = canonicalizeToBytes(value).length;
    expect(canonicalize(value, { maxBytes: size })).toBe(canonicalize(value));
    for (let less = 0; less < size; less++) {
      expect(() => canonicalize(value, { maxBytes: less })).toThrow(tooLarge);
    }
  });

  it('encodes as UTF-8 for hashing', () => {
    expect(decodeUtf8(canonicalizeToBytes({ é: '😀' }))).toBe('{"é":"😀"}');
  });
});
