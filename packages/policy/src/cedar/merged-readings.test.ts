import { describe, expect, it } from 'vitest';
import { MergedReadings } from './merged-readings.ts';
import { mergeReadings, readingOf } from './request-reading.ts';
import { policyToJson } from './wasm.ts';

const readings = ['resource.depth > 1', 'context.reason == "x"', 'context.trust_milli > 5', 'true'].map((condition) => {
  const answer = policyToJson(`permit(principal, action, resource) when { ${condition} };`);
  if (answer.type === 'failure') throw new TypeError(condition);
  return readingOf(answer.json);
});
const slices = Array.from({ length: 16 }, (_, bits) => [0, 1, 2, 3].filter((index) => (bits & (1 << index)) !== 0));

describe('MergedReadings', () => {
  it('is what the policies of each slice read together, within what it may keep', () => {
    for (const budget of [0, 1, 2, 5, 1000]) {
      const merged = new MergedReadings(readings, budget);
      for (const slice of [...slices, ...slices]) {
        expect(merged.find(slice.join(), slice)).toEqual(mergeReadings(slice.map((index) => readings[index] ?? null)));
        expect(merged.cost).toBeLessThanOrEqual(budget);
      }
    }
  });

  it('keeps what it found until it is cleared', () => {
    const merged = new MergedReadings(readings);
    const found = merged.find('0,1', [0, 1]);
    expect(merged.find('0,1', [0, 1])).toBe(found);
    expect(merged.cost).toBe(3);
    merged.clear();
    expect(merged.cost).toBe(0);
    expect(merged.find('0,1', [0, 1])).not.toBe(found);
  });

  it('reads everything where it does not know a policy', () => {
    expect(new MergedReadings(readings).find('9', [9])).toBeNull();
  });
});
