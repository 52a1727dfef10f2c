import { describe, expect, test } from 'vitest';
import { MAX_FAILURES, mergeFindings, planLoad } from './load-plan.ts';

describe('planLoad', () => {
  test('gives away every run, never more concurrency than asked, and no idle thread', () => {
    for (let runs = 1; runs <= 9; runs++) {
      for (let concurrency = 1; concurrency <= 9; concurrency++) {
        for (const [processes, threads] of [
          [1, 1],
          [2, 2],
          [3, 2],
        ] as const) {
          const plan = planLoad({ runs, concurrency }, processes, threads);
          const shares = plan.flat();
          const sum = (member: 'runs' | 'concurrency') => shares.reduce((total, share) => total + share[member], 0);
          expect(sum('runs')).toBe(runs);
          expect(sum('concurrency')).toBe(concurrency);
          expect(shares.every((share) => share.runs > 0 && share.concurrency > 0)).toBe(true);
          expect(plan.length).toBeLessThanOrEqual(processes);
          expect(plan.every((list) => list.length > 0 && list.length <= threads)).toBe(true);
        }
      }
    }
  });
});

describe('mergeFindings', () => {
  test('adds up what several found', () => {
    const one = { digests: new Map([['a', 2]]), peak: 2, failures: ['x'] };
    const two = {
      digests: new Map([
        ['b', 1],
        ['a', 1],
      ]),
      peak: 3,
      failures: Array.from({ length: 9 }, () => 'y'),
    };
    const all = mergeFindings([one, two]);
    expect([...all.digests]).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(all.peak).toBe(5);
    expect(all.failures).toEqual(['x', ...Array.from({ length: MAX_FAILURES - 1 }, () => 'y')]);
  });
});
