import { expect, test } from 'vitest';
import { flipBundleBits, readDemoBundle } from './bit-flips.ts';

/** Five and eight share no factor: bytes and bits are met in every combination of places. All bits are for the heavy suite. */
const EVERY = 5;

test('one bit of every fifth byte of the bundle file cannot be lost unseen', { timeout: 120_000 }, async () => {
  const { tried, passing, silent } = await flipBundleBits((offset) => (offset % EVERY === 0 ? [offset % 8] : []));
  expect({ passing, silent }).toEqual({ passing: [], silent: [] });
  expect(tried).toBe(Math.ceil((await readDemoBundle()).length / EVERY));
});
