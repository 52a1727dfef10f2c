import { describe, expect, test } from 'vitest';
import { splitRange } from './replay-log.ts';

describe('splitRange', () => {
  test('covers every record once, in order', () => {
    for (let from = 0; from <= 2; from++) {
      for (let to = from; to <= 20; to++) {
        for (let count = 1; count <= 9; count++) {
          const ranges = splitRange({ tenant: 't', from, to }, count);
          const covered = ranges.flatMap((range) =>
            Array.from({ length: range.to - range.from }, (_, i) => range.from + i),
          );
          expect(covered).toEqual(Array.from({ length: to - from }, (_, i) => from + i));
          expect(ranges.length).toBeGreaterThan(0);
          expect(ranges.length).toBeLessThanOrEqual(count);
        }
      }
    }
  });
});
