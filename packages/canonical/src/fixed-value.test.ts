import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { canonicalize, copyFixed, digestValue, fixValue, hasPassed, notePassed, parseJson } from './index.ts';

const check = {};

describe('fixValue', () => {
  it('changes neither text nor digest of a value, asked however often and under whatever domain', () => {
    const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
    const object = fc.object({ values: [scalar], key: fc.string({ unit: 'binary' }), maxDepth: 4 });
    fc.assert(
      fc.property(object, (value) => {
        const text = canonicalize(value);
        const plain = parseJson(text) as object;
        const fixed = fixValue(parseJson(text) as object);
        for (let times = 0; times < 2; times++) {
          expect(canonicalize(fixed)).toBe(canonicalize(plain));
          for (const domain of ['a/1', 'b/1', 'a/1'])
            expect(digestValue(domain, fixed)).toBe(digestValue(domain, plain));
          expect(canonicalize({ inside: fixed })).toBe(canonicalize({ inside: plain }));
        }
      }),
    );
  });

  it('freezes to the bottom, also what holds something that is fixed already', () => {
    const inner = fixValue({ list: [{ deep: 1 }] });
    const outer = fixValue({ inner, other: [{ deep: 2 }] });
    for (const part of [inner, inner.list, inner.list[0], outer, outer.other, outer.other[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('keeps the limits of whoever asks', () => {
    const fixed = fixValue({ a: { b: ['text'] } });
    canonicalize(fixed);
    expectRefusal('CANONICAL_JSON_TOO_DEEP', () => canonicalize(fixed, { maxDepth: 2 }));
    expectRefusal('CANONICAL_JSON_TOO_LARGE', () => canonicalize(fixed, { maxBytes: 8 }));
    expect(canonicalize(fixed)).toBe('{"a":{"b":["text"]}}');
  });

  it('makes nothing canonical that is not', () => {
    const fixed = fixValue({ number: 2 ** 60 });
    for (let times = 0; times < 2; times++) {
      expectRefusal('CANONICAL_JSON_UNSAFE_INTEGER', () => canonicalize(fixed));
      expectRefusal('CANONICAL_JSON_UNSAFE_INTEGER', () => digestValue('a/1', fixed));
    }
  });
});

describe('copyFixed', () => {
  it('is the value as it was when it was read', () => {
    const theirs = { list: [{ a: 1 }] };
    const copy = copyFixed(theirs);
    (theirs.list[0] as { a: number }).a = 2;
    expect(canonicalize(copy)).toBe('{"list":[{"a":1}]}');
    expect(copy).toEqual({ list: [{ a: 1 }] });
    expect(() => Object.assign(copy as object, { list: [] })).toThrow(TypeError);
    expect([copyFixed('text'), copyFixed(null)]).toEqual(['text', null]);
  });

  it('keeps the limits of whoever asked for it, and those of whoever asks for its text', () => {
    expectRefusal('CANONICAL_JSON_TOO_LARGE', () => copyFixed({ a: 'text' }, { maxBytes: 8 }));
    expectRefusal('CANONICAL_JSON_TOO_DEEP', () => copyFixed({ a: [[]] }, { maxDepth: 2 }));
    expect(copyFixed({ a: [[]] }, { maxDepth: 3, maxBytes: 10 })).toEqual({ a: [[]] });
    let deep: object = {};
    for (let depth = 1; depth < 65; depth++) deep = { deep };
    const copy = copyFixed(deep, { maxDepth: 65 });
    expectRefusal('CANONICAL_JSON_TOO_DEEP', () => canonicalize(copy));
  });

  it('copies what is longer than a document may be, when nobody set a limit', () => {
    const text = 'x'.repeat(16 * 1024 * 1024);
    expect(copyFixed({ text })).toEqual({ text });
  });
});

describe('notePassed', () => {
  it('is known of that check and that value alone', () => {
    const fixed = fixValue({ a: 1 });
    expect(hasPassed(fixed, check)).toBe(false);
    notePassed(fixed, check);
    notePassed(fixed, check);
    expect(hasPassed(fixed, check)).toBe(true);
    expect(hasPassed(fixed, {})).toBe(false);
    expect(hasPassed(fixValue({ a: 1 }), check)).toBe(false);
    const other = {};
    notePassed(fixed, other);
    expect([hasPassed(fixed, check), hasPassed(fixed, other)]).toEqual([true, true]);
  });

  it('is not known of what can change, frozen or not, and of what is no object', () => {
    for (const value of [{ a: 1 }, Object.freeze({ a: 1 })]) {
      notePassed(value, check);
      expect(hasPassed(value, check)).toBe(false);
    }
    expect([hasPassed(null, check), hasPassed('text', check), hasPassed(undefined, check)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
