import { parseJson } from '@exoarmur/canonical';
import { createCedarEvaluator } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import { encodeBundle, json, signerOf } from '../test/bundle-fixture.ts';
import { runRealAction } from '../test/real-bundle.ts';
import type { Loose } from '../test/tampering.ts';
import { reexecuteDecision } from './reexecute-decision.ts';
import { verifyBundle } from './verify-bundle.ts';

const TRUST = `log ${signerOf(1).vkey}\nquorum none\n`;
const evaluator = createCedarEvaluator();

describe('bundles of the real boundary', () => {
  it.each([
    ['denied', 'deny', null],
    ['exhausted', 'deny', null],
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

  it('show that a budget stopped it, and a recorded budget that was changed is caught', async () => {
    const { policies, payloads } = json(parseJson(await runRealAction('exhausted'))) as Loose;
    const payloadOf = (schema: string): Loose =>
      Object.values(payloads as Loose)
        .map((one: Loose) => one.value)
        .find((value: Loose) => value.schema === schema);
    const decision = payloadOf('exoarmur.decision/1');
    expect(decision.safety.rule_ids).toEqual(['SG-121']);
    const reading = { id: 'none', used: 0, amount: 1, maximum: 0 };
    expect(decision.facts.budgets).toEqual({ readings: [reading], exhausted: ['none'] });
    const again = (budgets: Loose) =>
      reexecuteDecision({
        ...{ intent: payloadOf('exoarmur.intent/1'), policySetOf: (digest) => policies[digest], evaluator },
        decision: { ...decision, facts: { ...decision.facts, budgets } },
      });
    expect(await again(decision.facts.budgets)).toEqual({ outcome: 'same' });
    const forged = { readings: [{ ...reading, maximum: 1 }], exhausted: [] };
    expect(await again(forged)).toMatchObject({ outcome: 'diverges', code: 'decision_diverges' });
    // The worse of list and figures counts.
    expect(await again({ readings: [reading], exhausted: [] })).toEqual({ outcome: 'same' });

    const bundle = json(parseJson(await runRealAction('exhausted'))) as Loose;
    for (const { value } of Object.values(bundle.payloads) as Loose[]) {
      if (value.schema === 'exoarmur.decision/1') value.facts.budgets = forged;
    }
    const report = await verifyBundle(encodeBundle(bundle), { trust: TRUST, evaluator });
    const failed = report.checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
    expect([report.verify_verdict, failed.includes('integrity'), failed.includes('decision')]).toEqual([
      'FAIL',
      true,
      true,
    ]);
  });
});
