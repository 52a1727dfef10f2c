import { expect, test } from 'vitest';
import { flipBundleBits, readDemoBundle } from './bit-flips.ts';

test('no bit of the bundle file can be flipped unseen', { timeout: 900_000 }, async () => {
  const { tried, passing, silent } = await flipBundleBits(() => [0, 1, 2, 3, 4, 5, 6, 7]);
  expect({ passing, silent }).toEqual({ passing: [], silent: [] });
  expect(tried).toBe(8 * (await readDemoBundle()).length);
});
