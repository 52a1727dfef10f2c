import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { formatTime, parseTime } from './time.ts';

describe('times', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [951_782_400_000, '2000-02-29T00:00:00.000Z'],
    [-62_135_596_800_000, '0001-01-01T00:00:00.000Z'],
    [253_402_300_799_999, '9999-12-31T23:59:59.999Z'],
  ])('%d ms is %s', (epochMs, text) => {
    expect(formatTime(epochMs)).toBe(text);
    expect(parseTime(text)).toBe(epochMs);
  });

  it.each([
    '2023-02-29T00:00:00.000Z',
    '2023-04-31T00:00:00.000Z',
    '2023-01-01T24:00:00.000Z',
    '2023-01-01T00:00:60.000Z',
    '2023-00-01T00:00:00.000Z',
    '2023-01-01T00:00:00Z',
    '2023-01-01T00:00:00.00Z',
    '2023-01-01T00:00:00.0000Z',
    '2023-01-01T00:00:00.000+00:00',
    '2023-01-01t00:00:00.000Z',
    '2023-01-01T00:00:00.000z',
    '2023-01-01 00:00:00.000Z',
    '0000-12-31T00:00:00.000Z',
    '+02023-01-01T00:00:00.000Z',
    '2023-01-01T00:00:00.000Z\n',
    '',
  ])('refuses %j', (text) => {
    expectRefusal('CANONICAL_TIME_MALFORMED', () => parseTime(text));
  });

  it.each([0.5, Number.NaN, -62_135_596_800_001, 253_402_300_800_000])('cannot write %d', (epochMs) => {
    expect(() => formatTime(epochMs)).toThrow(RangeError);
  });
});
