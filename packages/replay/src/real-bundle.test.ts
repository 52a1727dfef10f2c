import { parseJson } from '@exoarmur/canonical';
import { createCedarEvaluator } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import { encodeBundle, signerOf } from '../test/bundle-fixture.ts';
import { runRealAction } from '../test/real-bundle.ts';
import type { Loose } from '../test/tampering.ts';
import { verifyBundle } from './verify-bundle.ts';

const TRUST = `log ${signerOf(1).vkey}\nquorum none\n`;
const evaluator = createCedarEvaluator();

describe('bundles of the real boundary', () => {
  it.each([
    ['denied', 'deny', null],
    ['allowed', 'allow', 'succeeded'],
    ['approved', 'allow', 'succeeded'],
  ] as const)('pass every check with the real policy engine: %s', async (kind, verdict, outcome) => {
    const report = await verifyBundle(await runRealAction(kind, { note: 1 }), { trust: TRUST, evaluator });
    expect(report.checks.filter((check) => check.divergences.length > 0)).toEqual([]);
    expect([report.verify_verdict, report.assurance]).toEqual(['PASS', 'signed']);
    expect(report.bundle).toMatchObject({ final_verdict: verdict, outcome });
    expect(report.checks.find((check) => check.name === 'decision')?.status).toBe('passed');
  });

  it('fail when another policy of the same set is put in', async () => {
    const bundle = JSON.parse(JSON.stringify(parseJson(await runRealAction('denied')))) as Loose;
    const [set] = Object.values(bundle.policies) as Loose[];
    set.policies['permit-data'] = 'permit(principal, action, resource);';
    const report = await verifyBundle(encodeBundle(bundle), { evaluator });
    expect(report.checks.filter((check) => check.status === 'failed').map((check) => check.name)).toEqual([
      'integrity',
      'decision',
    ]);
  });
});
