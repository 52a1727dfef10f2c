import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../test/errors.ts';
import { LEGACY_LIMITS, parseLegacyJson } from './reader.ts';
import { toLegacyValue } from './value.ts';

describe('the reader of old data', () => {
  it('keeps integers, floats and key order apart from what JavaScript makes of them', () => {
    const value = parseLegacyJson(' {"b":1,"2":1.0,"1":12345678901234567890,"z":-0,"e":1e2,"n":-0.0} ');
    expect(value).toEqual(
      new Map<string, unknown>([
        ['b', 1n],
        ['2', 1],
        ['1', 12345678901234567890n],
        ['z', 0n],
        ['e', 100],
        ['n', -0],
      ]),
    );
    expect([...(value as Map<string, unknown>).keys()]).toEqual(['b', '2', '1', 'z', 'e', 'n']);
  });

  it('lets the last of two equal keys win, also when one is escaped', () => {
    expect(parseLegacyJson('{"a":1,"\\u0061":2}')).toEqual(new Map([['a', 2n]]));
  });

  it('reads empty containers', () => {
    expect(parseLegacyJson(' { } ')).toEqual(new Map());
    expect(parseLegacyJson('[ ]')).toEqual([]);
  });

  it('reads the bare words of Python as numbers', () => {
    expect(parseLegacyJson('[NaN,Infinity,-Infinity,1e999]')).toEqual([Number.NaN, Infinity, -Infinity, Infinity]);
  });

  it('keeps every escape, a lone surrogate included', () => {
    expect(parseLegacyJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\ud800\\u00E9"')).toBe('"\\/\b\f\n\r\t\ud800é');
  });

  it.each([
    '',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{a:1}',
    '{ax":1}',
    '"\\x123456"',
    '"\\u00zz56"',
    '[1',
    '[1,]',
    '"',
    '"\\x"',
    '"\\u12"',
    '"\n"',
    '01',
    '1.',
    '+1',
    '.5',
    'nul',
    '1 2',
    '\ufeff1',
    '-',
    '-NaN',
  ])('refuses %j', (text) => {
    expectRefusal('CANONICAL_LEGACY_JSON_SYNTAX', () => parseLegacyJson(text));
  });

  it('refuses more digits, depth and bytes than the limits', () => {
    const digits = '1'.repeat(LEGACY_LIMITS.maxIntegerDigits);
    expect(parseLegacyJson(`-${digits}`)).toBe(-BigInt(digits));
    expectRefusal('CANONICAL_LEGACY_JSON_SYNTAX', () => parseLegacyJson(`${digits}1`));
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseLegacyJson(nested(LEGACY_LIMITS.maxDepth))).toHaveLength(1);
    expectRefusal('CANONICAL_LEGACY_TOO_DEEP', () => parseLegacyJson(nested(LEGACY_LIMITS.maxDepth + 1)));
    const large = new Uint8Array(LEGACY_LIMITS.maxBytes + 1);
    expectRefusal('CANONICAL_LEGACY_TOO_LARGE', () => parseLegacyJson(large));
  });

  it('takes plain JSON data the way Python reads it', () => {
    expect(toLegacyValue({ a: 1, b: 1.5, c: [null, true, 'x', -0] })).toEqual(
      new Map<string, unknown>([
        ['a', 1n],
        ['b', 1.5],
        ['c', [null, true, 'x', -0]],
      ]),
    );
  });
});
