import { expect, test } from 'vitest';
import { flipBundleBits, readDemoBundle } from './bit-flips.ts';

test('no byte of the bundle file can lose a bit unseen', { timeout: 120_000 }, async () => {
  const { tried, passing, silent } = await flipBundleBits((offset) => [offset % 8]);
  expect({ passing, silent }).toEqual({ passing: [], silent: [] });
  expect(tried).toBe((await readDemoBundle()).length);
});
