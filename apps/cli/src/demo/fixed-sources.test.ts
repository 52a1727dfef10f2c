import { encodeHex } from '@exoarmur/canonical';
import { describe, expect, test } from 'vitest';
import { createCountingRandomSource, createFixedClock } from './fixed-sources.ts';

describe('createFixedClock', () => {
  test('shows one time', () => {
    const clock = createFixedClock(5);
    expect([clock.now(), clock.now()]).toEqual([5, 5]);
  });
});

describe('createCountingRandomSource', () => {
  test('gives the same bytes for the same label, and other bytes each time', () => {
    const [first, second] = [createCountingRandomSource('a'), createCountingRandomSource('a')];
    const bytes = [first.bytes(16), first.bytes(16)].map(encodeHex);
    expect([second.bytes(16), second.bytes(16)].map(encodeHex)).toEqual(bytes);
    expect(new Set(bytes).size).toBe(2);
  });

  test('gives other bytes for another label', () => {
    expect(createCountingRandomSource('b').bytes(16)).not.toEqual(createCountingRandomSource('a').bytes(16));
  });

  test.each([0, 1, 31, 32, 33, 100])('gives %i bytes when asked for as many', (length) => {
    expect(createCountingRandomSource('a').bytes(length)).toHaveLength(length);
  });
});
