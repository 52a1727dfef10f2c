import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeReputation, firstDayOf, REPUTATION_PROFILE } from './reputation.ts';

const TODAY = 19_723;
const NONE = { completed: 0, failed: 0, ambiguous: 0, denied: 0 };
const day = (change: Partial<Parameters<typeof computeReputation>[0][number]>) => ({ day: TODAY, ...NONE, ...change });
const counts = fc.record({
  day: fc.integer({ min: TODAY - 500, max: TODAY + 5 }),
  completed: fc.nat(20_000),
  failed: fc.nat(20_000),
  ambiguous: fc.nat(20_000),
  denied: fc.nat(20_000),
});

describe('computeReputation', () => {
  it.each([
    ['nobody knows it', [], 250],
    ['one action went well', [day({ completed: 1 })], 400],
    ['ten actions went well', [day({ completed: 10 })], 785],
    ['a thousand on one day are no more than ten', [day({ completed: 1000 })], 785],
    ['ten on each of two days', [day({ completed: 10 }), day({ day: TODAY - 1, completed: 10 })], 873],
    ['one failed', [day({ failed: 1 })], 200],
    ['one was denied', [day({ denied: 1 })], 166],
    ['one is in doubt', [day({ ambiguous: 1 })], 125],
    ['ten went well and one is in doubt', [day({ completed: 10, ambiguous: 1 })], 611],
    ['ten went well a month ago', [day({ day: TODAY - 30, completed: 10 })], 682],
    ['ten went well a year ago', [day({ day: TODAY - 365, completed: 10 })], 250],
    ['a day to come weighs as today', [day({ day: TODAY + 9, completed: 10 })], 785],
  ])('%s', (_, days, expected) => {
    expect(computeReputation(days, TODAY)).toBe(expected);
  });

  it('halves the weight of a day in 34 days, and looks back a year', () => {
    const doubt = (age: number) => computeReputation([day({ day: TODAY - age, ambiguous: 1 })], TODAY);
    expect([doubt(0), doubt(34), doubt(35)]).toEqual([125, 166, 167]);
    expect(firstDayOf(TODAY)).toBe(TODAY - 364);
    expect(doubt(364)).toBeLessThanOrEqual(250);
    expect(doubt(365)).toBe(250);
  });

  it('is a figure of thousandths whatever was counted, in any order of the days', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 400 }), (days) => {
        const trust = computeReputation(days, TODAY);
        expect(Number.isInteger(trust) && trust >= 0 && trust < 1000).toBe(true);
        expect(computeReputation(days.toReversed(), TODAY)).toBe(trust);
      }),
      { numRuns: 60 },
    );
  });

  it('never rises by an end that is no good one, and never falls by a good one', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 9 }), counts, (days, more) => {
        const trust = computeReputation(days, TODAY);
        expect(computeReputation([...days, { ...more, completed: 0 }], TODAY)).toBeLessThanOrEqual(trust);
        expect(
          computeReputation([...days, { ...NONE, ...more, failed: 0, denied: 0, ambiguous: 0 }], TODAY),
        ).toBeGreaterThanOrEqual(trust);
      }),
    );
  });

  it.each([
    ['a fraction', 0.5],
    ['less than nothing', -1],
    ['no number', Number.NaN],
    ['text', '3' as never],
  ])('takes no count that is %s', (_, count) => {
    for (const end of ['completed', 'failed', 'denied', 'ambiguous', 'day'] as const)
      expect(() => computeReputation([day({ [end]: count })], TODAY)).toThrow(RangeError);
    expect(() => computeReputation([], count)).toThrow(RangeError);
  });

  it('cannot be earned for the gravest class in one day', () => {
    expect(computeReputation([day({ completed: 10 ** 6 })], TODAY)).toBeLessThan(800);
    expect(REPUTATION_PROFILE.goodPerDay).toBe(10);
  });
});
