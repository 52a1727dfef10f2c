import { expect, it } from 'vitest';
import { buildBundle, deniedSteps, encodeBundle } from '../test/bundle-fixture.ts';
import { verifyBundle } from './verify-bundle.ts';

it('fails for every single bit of a bundle file that is flipped', { timeout: 240_000 }, async () => {
  const bytes = encodeBundle(buildBundle(deniedSteps()));
  expect((await verifyBundle(bytes)).verify_verdict).toBe('PASS');
  const undetected: string[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    const report = await verifyBundle(flipped);
    const isCaught = report.checks.some((check) => check.status === 'failed' && check.divergences.length > 0);
    if (report.verify_verdict !== 'FAIL' || !isCaught) undetected.push(`byte ${bit >> 3} bit ${bit & 7}`);
  }
  expect(undetected).toEqual([]);
});
