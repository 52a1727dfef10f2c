import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestBundle } from '@exoarmur/boundary-v2';
import { createSigner } from '@exoarmur/canonical';
import { createCedarEvaluator, createDecisionPoint } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { DEMO_FILES, prepareDemoFolder } from '../demo/demo-folder.ts';
import { DEMO_POLICY_SET } from '../demo/policy.ts';
import { type ActionSources, proveAction } from '../demo/prove-action.ts';
import { createDemoIntent, DEMO } from '../demo/scenario.ts';
import { formatTrustFile } from '../trust-file.ts';
import { type LoadFindings, type LoadShare, MAX_FAILURES } from './load-plan.ts';

/**
 * Carries out one action again and again, many at one time: a permitted deletion of a real file, each in a folder of its own,
 * through one decision point. Every bundle is hashed whole, and one of each digest is verified.
 */
export async function carryLoad(share: LoadShare, sources: ActionSources): Promise<LoadFindings> {
  const root = mkdtempSync(join(tmpdir(), 'exoarmur-load-'));
  const signer = createSigner(DEMO.origin, sources.random('key').bytes(32));
  const decisionPoint = createDecisionPoint({ policySet: DEMO_POLICY_SET });
  const digests = new Map<string, number>();
  const failures: string[] = [];
  let [begun, underWay, peak] = [0, 0, 0];

  const runOne = async (folder: string): Promise<void> => {
    prepareDemoFolder(folder);
    const bundle = await proveAction(createDemoIntent(true), folder, { signer, decisionPoint, sources });
    const isDone = !existsSync(join(folder, DEMO_FILES.scratch));
    rmSync(folder, { recursive: true, force: true });
    if (!isDone) throw new Error('the file is still there');
    const digest = digestBundle(bundle);
    const isNew = !digests.has(digest);
    digests.set(digest, (digests.get(digest) ?? 0) + 1);
    if (!isNew || digests.size > MAX_FAILURES) return;
    const evaluator = createCedarEvaluator();
    const report = await verifyBundle(bundle, { evaluator, trust: formatTrustFile(signer.vkey) });
    if (report.verify_verdict !== 'PASS') throw new Error(`bundle ${digest} does not verify`);
  };
  const lane = async (): Promise<void> => {
    while (begun < share.runs) {
      const folder = join(root, String(begun++));
      peak = Math.max(peak, ++underWay);
      try {
        await runOne(folder);
      } catch (error) {
        if (failures.length < MAX_FAILURES) failures.push(error instanceof Error ? error.message : String(error));
      }
      underWay--;
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(share.concurrency, share.runs) }, lane));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return { digests, peak, failures };
}
