import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCedarEvaluator } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { runDemo } from '../src/demo/run-demo.ts';

/** What flipping bits of the demonstration's bundle showed. */
export interface FlipResult {
  readonly tried: number;
  /** `byte.bit` of flips after which the file still passed. */
  readonly passing: readonly string[];
  /** `byte.bit` of flips after which no failed check said what it found. */
  readonly silent: readonly string[];
}

/**
 * Verifies the demonstration's bundle file, decisions included, with one bit flipped at a time.
 * @param bitsOf which bits of a byte to flip, by its offset
 */
export async function flipBundleBits(bitsOf: (offset: number) => readonly number[]): Promise<FlipResult> {
  const bytes = await readDemoBundle();
  const evaluator = createCedarEvaluator();
  const passing: string[] = [];
  const silent: string[] = [];
  let tried = 0;
  for (const [offset, original] of bytes.entries()) {
    for (const bit of bitsOf(offset)) {
      const flipped = bytes.slice();
      flipped[offset] = original ^ (1 << bit);
      const report = await verifyBundle(flipped, { evaluator });
      tried += 1;
      if (report.verify_verdict !== 'FAIL') passing.push(`${offset}.${bit}`);
      const failed = report.checks.filter((check) => check.status === 'failed');
      if (!failed.some((check) => check.divergences.length > 0)) silent.push(`${offset}.${bit}`);
    }
  }
  return { tried, passing, silent };
}

/** The bytes of the bundle that the demonstration writes. */
export async function readDemoBundle(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'exoarmur-bundle-'));
  try {
    const { bundlePath } = await runDemo(join(folder, 'out'), false);
    return new Uint8Array(readFileSync(bundlePath));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
