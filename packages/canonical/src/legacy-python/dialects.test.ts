import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../test/errors.ts';
import { readVectors } from '../../test/vectors.ts';
import { compareCodePoints, formatLegacyJson } from './dialects.ts';
import { hashLegacyJson } from './hash.ts';
import { LEGACY_LIMITS, parseLegacyJson } from './reader.ts';
import type { LegacyObject } from './value.ts';

interface CanonicalVector {
  readonly name: string;
  readonly input_json: string;
  readonly canonical: string;
  readonly sha256: string;
}

interface ErrorVector {
  readonly name: string;
  readonly input_json: string;
  readonly stage: 'parse' | 'canonicalize' | 'hash';
}

interface DialectVector extends Record<string, string | null> {
  readonly name: string;
  readonly input_json: string;
}

describe('the replay dialect', () => {
  it.each(readVectors<CanonicalVector[]>('legacy-python/canonical-json-python.json'))(
    'gives the bytes and the hash of $name',
    ({ input_json, canonical, sha256 }) => {
      const value = parseLegacyJson(input_json);
      expect(formatLegacyJson(value, 'replay')).toBe(canonical);
      expect(hashLegacyJson(value, 'replay')).toBe(sha256);
      expect(formatLegacyJson(parseLegacyJson(canonical), 'replay')).toBe(canonical);
    },
  );

  it.each(readVectors<ErrorVector[]>('legacy-python/canonical-json-python-errors.json'))(
    'refuses $name at the stage $stage',
    ({ input_json, stage }) => {
      if (stage === 'parse') {
        expectRefusal('CANONICAL_LEGACY_JSON_SYNTAX', () => parseLegacyJson(input_json));
        return;
      }
      const value = parseLegacyJson(input_json);
      expectRefusal('CANONICAL_LEGACY_VALUE_UNSUPPORTED', () => hashLegacyJson(value, 'replay'));
    },
  );
});

describe('the dialects of the standard library', () => {
  const dialects = [
    ['compact-ascii', 'compact_ascii'],
    ['spaced-ascii', 'spaced_ascii'],
    ['compact-utf8', 'compact_utf8'],
  ] as const;

  it.each(readVectors<DialectVector[]>('legacy-python/json-dumps-dialects.json'))(
    'give the bytes of $name',
    (vector) => {
      const value = parseLegacyJson(vector.input_json);
      for (const [dialect, field] of dialects) {
        expect(formatLegacyJson(value, dialect)).toBe(vector[field]);
        const hash = vector[`${field}_sha256`] ?? null;
        if (hash === null) expectRefusal('CANONICAL_LEGACY_VALUE_UNSUPPORTED', () => hashLegacyJson(value, dialect));
        else expect(hashLegacyJson(value, dialect)).toBe(hash);
      }
    },
  );

  it('indents by two blanks and leaves empty containers on one line', () => {
    const value = parseLegacyJson('{"b":[1,{"c":2.0}],"a":{},"e":[]}');
    const sorted = '{\n  "a": {},\n  "b": [\n    1,\n    {\n      "c": 2.0\n    }\n  ],\n  "e": []\n}';
    expect(formatLegacyJson(value, 'indented-ascii')).toBe(sorted);
    expect(formatLegacyJson(value, 'report').startsWith('{\n  "b": [')).toBe(true);
  });

  it('prints numbers that are not finite as bare words, or as the string null when it rounds', () => {
    const value = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(formatLegacyJson(value, 'compact-ascii')).toBe('[NaN,Infinity,-Infinity]');
    expect(formatLegacyJson(value, 'replay')).toBe('["null","null","null"]');
  });

  // As json.dumps(..., sort_keys=True) of Python 3 wrote them.
  it.each([
    '{"\\udb2b":1,"\\ue427":0}',
    '{"\\ud83d":1,"\\ud83d\\ude00":0}',
    '{"\\ud83d\\uffff":0,"\\ud83d\\ude00":1}',
    '{"\\ud7ff":2,"\\udc00":0,"\\ue000":1,"\\ud800\\udc00":3}',
    '{"\\ud83d":2,"\\ud83dx":3,"\\ud83d\\ud83d":5,"\\udfff":4,"\\uffff":0,"\\ud83d\\ude00":1}',
  ])('sort a lone surrogate where Python does: %s', (text) => {
    const shuffled = new Map([...(parseLegacyJson(text) as LegacyObject)].reverse());
    expect(formatLegacyJson(shuffled, 'compact-ascii')).toBe(text);
    expect(formatLegacyJson(parseLegacyJson(text), 'compact-ascii')).toBe(text);
  });

  it('sort all short keys as lists of code points', () => {
    const units = ['a', '\ud83d', '\ude00', '\ue000'];
    const longer = (keys: readonly string[]) => keys.flatMap((key) => units.map((unit) => key + unit));
    const keys = [...units, ...longer(units), ...longer(longer(units))];
    const points = (key: string) => [...key].map((point) => point.codePointAt(0) as number);
    const model = (a: readonly number[], b: readonly number[]): number => {
      const at = a.findIndex((point, index) => point !== b[index]);
      return at < 0 ? a.length - b.length : b[at] === undefined ? 1 : (a[at] as number) - b[at];
    };
    for (const a of keys) {
      for (const b of keys) {
        expect([a, b, Math.sign(compareCodePoints(a, b))]).toEqual([a, b, Math.sign(model(points(a), points(b)))]);
      }
    }
  });

  it('escapes DEL in ASCII and leaves it raw in UTF-8', () => {
    expect(formatLegacyJson('\u007f', 'compact-ascii')).toBe('"\\u007f"');
    expect(formatLegacyJson('\u007f', 'compact-utf8')).toBe('"\u007f"');
  });

  it('refuses nesting that the ancestor could not write', () => {
    let value: import('./value.ts').LegacyValue = [];
    for (let i = 0; i < LEGACY_LIMITS.maxDepth; i++) value = [value];
    expectRefusal('CANONICAL_LEGACY_TOO_DEEP', () => formatLegacyJson(value, 'replay'));
  });
});
