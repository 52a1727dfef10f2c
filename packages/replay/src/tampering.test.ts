import { describe, expect, it } from 'vitest';
import {
  allowedSteps,
  approvedSteps,
  buildBundle,
  deniedSteps,
  encodeBundle,
  json,
  signerOf,
} from '../test/bundle-fixture.ts';
import { evaluator } from '../test/evaluator.ts';
import { alterLeaf, FORGERIES, leavesOf, TAMPERINGS } from '../test/tampering.ts';
import { verifyBundle } from './verify-bundle.ts';

const TRUST = `log ${signerOf(1).vkey}\nquorum none\n`;

describe('tampering', () => {
  it.each(TAMPERINGS)('is caught: $name ($check: $code)', async ({ bytes, check, code }) => {
    const report = await verifyBundle(bytes(), { evaluator });
    const caught = report.checks.find((result) => result.name === check);
    expect(report.verify_verdict).toBe('FAIL');
    expect(caught?.status).toBe('failed');
    expect(caught?.divergences.map((divergence) => divergence.code)).toContain(code);
  });

  it.each(FORGERIES)('needs the key of the verifier: $name', async ({ bytes, code }) => {
    const blind = await verifyBundle(bytes(), { evaluator });
    expect([blind.verify_verdict, blind.assurance]).toEqual(['PASS', 'integrity']);
    const report = await verifyBundle(bytes(), { evaluator, trust: TRUST });
    const signer = report.checks.find((result) => result.name === 'signer');
    expect([report.verify_verdict, report.assurance]).toEqual(['FAIL', 'integrity']);
    expect(signer?.divergences[0]?.code).toBe(code);
  });

  it.each([
    ['denied', deniedSteps()],
    ['allowed', allowedSteps()],
    ['approved', approvedSteps()],
  ])('shows in every value of the file of an %s action', async (_, steps) => {
    const honest = json(buildBundle(steps, { artifacts: { a: 1 }, foreignLeaves: 3 }));
    for (const path of leavesOf(honest)) {
      const altered = json(honest);
      alterLeaf(altered, path);
      const report = await verifyBundle(encodeBundle(altered));
      const failed = report.checks.filter((check) => check.status === 'failed').map((check) => check.name);
      expect([path.join('/'), report.verify_verdict, failed.length > 0]).toEqual([path.join('/'), 'FAIL', true]);
    }
  });
});
