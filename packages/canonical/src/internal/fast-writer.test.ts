import { describe, expect, it } from 'vitest';
import { countPlans, MAX_PLAN_KEYS, MAX_PLANS, writeFast } from './fast-writer.ts';

describe('the plans of the fast writer', () => {
  it('are bounded, whether the shapes share their first key or not', () => {
    let most = 0;
    for (let i = 0; i < 4 * MAX_PLANS; i++) {
      expect(writeFast({ [`own${i}`]: 1, a: 2 }, 64)).toBe(`{"a":2,"own${i}":1}`);
      expect(writeFast({ shared: 1, [`own${i}`]: 2 }, 64)).toBe(`{"own${i}":2,"shared":1}`);
      most = Math.max(most, countPlans());
    }
    expect(most).toBeGreaterThan(MAX_PLANS / 4);
    expect(most).toBeLessThanOrEqual(MAX_PLANS);
  });

  it('are not made for objects that are too wide or have long keys', () => {
    writeFast({ a: 1 }, 64);
    const before = countPlans();
    const wide = Object.fromEntries(Array.from({ length: MAX_PLAN_KEYS + 1 }, (_, i) => [`k${i}`, i]));
    expect(writeFast(wide, 64)).toBeUndefined();
    expect(writeFast({ ['k'.repeat(65)]: 1 }, 64)).toBeUndefined();
    expect(countPlans()).toBe(before);
  });

  it('are reused for a shape that comes again', () => {
    writeFast({ again: 1, a: 2 }, 64);
    const before = countPlans();
    for (let i = 0; i < 100; i++) writeFast({ again: i, a: 'x' }, 64);
    expect(countPlans()).toBe(before);
  });
});
