import { createVerifierKey, parseTrustPolicy, SIGNATURE_TYPES } from '@exoarmur/canonical';
import { type PolicyEvaluator, verificationReportSchema } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import {
  allowedSteps,
  approvedSteps,
  buildBundle,
  deniedSteps,
  encodeBundle,
  json,
  ORIGIN,
  signerOf,
} from '../test/bundle-fixture.ts';
import { ENGINE, evaluator } from '../test/evaluator.ts';
import { edited, lying, resealed } from '../test/tampering.ts';
import { verifyBundle } from './verify-bundle.ts';

const DENIED = encodeBundle(buildBundle(deniedSteps()));
const LOG_LINE = `log ${signerOf(1).vkey}\n`;
const TRUST = `${LOG_LINE}quorum none\n`;

function statusOf(report: Awaited<ReturnType<typeof verifyBundle>>, name: string) {
  const check = report.checks.find((result) => result.name === name);
  return [check?.status, check?.divergences[0]?.code];
}

describe('verifyBundle on honest bundles', () => {
  it.each([
    ['denied', deniedSteps()],
    ['allowed', allowedSteps()],
    ['approved', approvedSteps()],
  ])('passes every check that can be made of an %s action', async (_, steps) => {
    const report = await verifyBundle(encodeBundle(buildBundle(steps, { foreignLeaves: 5 })), { evaluator });
    expect(report.checks.filter((check) => check.divergences.length > 0)).toEqual([]);
    expect([report.verify_verdict, report.assurance]).toEqual(['PASS', 'integrity']);
    expect(verificationReportSchema.safeParse(report).success).toBe(true);
  });

  it('gives the same report for the same bytes', async () => {
    const [one, two] = [await verifyBundle(DENIED, { evaluator }), await verifyBundle(DENIED.slice(), { evaluator })];
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  it('says what was stated, and by which key', async () => {
    const { bundle } = await verifyBundle(encodeBundle(buildBundle(allowedSteps())));
    expect(bundle).toMatchObject({ shape: 'bundle_3', stream: 'i1', final_verdict: 'allow', outcome: 'succeeded' });
    expect(bundle.signed_by).toEqual([signerOf(1).vkey]);
  });

  it('accepts a bundle with artifacts under the stated digest', async () => {
    const report = await verifyBundle(encodeBundle(buildBundle(deniedSteps(), { artifacts: { a: 1 } })));
    expect(report.verify_verdict).toBe('PASS');
  });
});

describe('signer', () => {
  it('is signed when the trusted key signed both checkpoint and statement', async () => {
    const report = await verifyBundle(DENIED, { trust: TRUST });
    expect([report.verify_verdict, report.assurance, ...statusOf(report, 'signer')]).toEqual([
      'PASS',
      'signed',
      'passed',
      undefined,
    ]);
  });

  it('takes a parsed policy as well', async () => {
    expect((await verifyBundle(DENIED, { trust: parseTrustPolicy(TRUST) })).assurance).toBe('signed');
  });

  it('finds the right key among several', async () => {
    const trust = `log ${signerOf(3).vkey}\nlog ${signerOf(4, 'x.example/t').vkey}\n${TRUST}`;
    expect((await verifyBundle(DENIED, { trust })).assurance).toBe('signed');
  });

  it('fails under a key of the same name that did not sign', async () => {
    const report = await verifyBundle(DENIED, { trust: `log ${signerOf(2).vkey}\nquorum none\n` });
    expect([report.verify_verdict, ...statusOf(report, 'signer')]).toEqual(['FAIL', 'failed', 'signer_untrusted']);
  });

  it('fails under the same key of another name', async () => {
    const report = await verifyBundle(DENIED, { trust: `log ${signerOf(1, 'x.example/t').vkey}\nquorum none\n` });
    expect(report.verify_verdict).toBe('FAIL');
  });

  it('fails when the trusted key signed the checkpoint but not the statement', async () => {
    const forged = edited((bundle) => {
      bundle.statement = json(buildBundle(deniedSteps(), { signer: signerOf(2) })).statement;
    });
    const report = await verifyBundle(forged, { trust: TRUST });
    expect(statusOf(report, 'signer')).toEqual(['failed', 'signer_untrusted']);
  });

  it('is required whenever a key was brought, whatever else is required', async () => {
    const trust = `log ${signerOf(2).vkey}\nquorum none\n`;
    const report = await verifyBundle(DENIED, { trust, require: ['structure'] });
    expect(report.required).toEqual(['structure', 'signer']);
    expect(report.verify_verdict).toBe('FAIL');
  });

  it('is unverifiable when required without a key', async () => {
    const report = await verifyBundle(DENIED, { require: ['signer'] });
    expect([report.verify_verdict, ...statusOf(report, 'signer')]).toEqual(['FAIL', 'unverifiable', 'no_trusted_key']);
  });

  it('refuses a trust policy that does not parse', async () => {
    await expect(verifyBundle(DENIED, { trust: 'log x\n' })).rejects.toMatchObject({ code: 'CANONICAL_KEY_MALFORMED' });
  });
});

describe('witness', () => {
  const witnesses = [signerOf(11, 'w.example/1'), signerOf(12, 'w.example/2')];
  const bytes = encodeBundle(buildBundle(deniedSteps(), { witnesses }));
  const keys = [11, 12, 13].map((seed) => {
    const bundle = buildBundle(deniedSteps(), { witnesses: [signerOf(seed, `w.example/${seed - 10}`)] });
    return bundle.log.vkeys[1] as string;
  });
  const policy = (group: string) => `${LOG_LINE}${keys.map((key, i) => `witness w${i} ${key}\n`).join('')}${group}`;

  it('accepts cosignatures as part of the file without any policy', async () => {
    const report = await verifyBundle(bytes);
    expect([report.verify_verdict, ...statusOf(report, 'witness')]).toEqual(['PASS', 'not_requested', undefined]);
  });

  it('is witnessed when the quorum of the policy cosigned', async () => {
    const report = await verifyBundle(bytes, { trust: policy('group g 2 w0 w1 w2\nquorum g\n') });
    expect([report.verify_verdict, report.assurance]).toEqual(['PASS', 'witnessed']);
  });

  it('fails when one witness is missing', async () => {
    const report = await verifyBundle(bytes, { trust: policy('group g all w0 w1 w2\nquorum g\n') });
    expect([report.verify_verdict, report.assurance]).toEqual(['FAIL', 'signed']);
    expect(statusOf(report, 'witness')).toEqual(['failed', 'quorum_not_met']);
  });

  it('is never met by the signature of the log itself, whatever a policy made by hand says', async () => {
    const { publicKey } = signerOf(1);
    for (const name of [ORIGIN, 'w.example/1']) {
      const witness = { name: 'w1', key: createVerifierKey(name, publicKey, SIGNATURE_TYPES.cosignature) };
      const trust = { ...parseTrustPolicy(TRUST), witnesses: [witness], quorum: 'w1' };
      const report = await verifyBundle(DENIED, { trust });
      expect([report.verify_verdict, report.assurance]).toEqual(['FAIL', 'signed']);
      expect(statusOf(report, 'witness')).toEqual(['failed', 'quorum_not_met']);
    }
  });

  it('is unverifiable when required without a quorum', async () => {
    const report = await verifyBundle(bytes, { trust: TRUST, require: ['witness'] });
    expect([report.verify_verdict, ...statusOf(report, 'witness')]).toEqual([
      'FAIL',
      'unverifiable',
      'no_witness_quorum',
    ]);
  });
});

describe('a salt', () => {
  it.each([
    ['17', `${'A'.repeat(23)}=`],
    ['18', 'A'.repeat(24)],
  ])('of %s bytes is refused where it stands, and nothing throws', async (_, salt) => {
    const bytes = edited((bundle) => {
      for (const payload of Object.values(bundle.payloads)) Object.assign(payload as object, { salt });
    });
    expect(statusOf(await verifyBundle(bytes), 'structure')).toEqual(['failed', 'salt_malformed']);
  });
});

describe('decision', () => {
  const decide = (changed: Partial<PolicyEvaluator>) =>
    verifyBundle(DENIED, { evaluator: { ...evaluator, ...changed } });

  it('is unverifiable without an evaluator, and then no part of a default PASS', async () => {
    const report = await verifyBundle(DENIED);
    expect([report.verify_verdict, ...statusOf(report, 'decision')]).toEqual(['PASS', 'unverifiable', 'no_evaluator']);
    expect(report.limitations).toContain('decision_not_reexecuted');
  });

  it('fails the verdict when it is required and cannot be made', async () => {
    expect((await verifyBundle(DENIED, { require: ['decision'] })).verify_verdict).toBe('FAIL');
  });

  it('passes when required and the same bytes come out', async () => {
    const report = await verifyBundle(DENIED, { require: ['decision'], evaluator });
    expect([report.verify_verdict, ...statusOf(report, 'decision')]).toEqual(['PASS', 'passed', undefined]);
    expect(report.limitations).not.toContain('decision_not_reexecuted');
  });

  it('is unverifiable for an engine of another digest', async () => {
    const engine = { ...ENGINE, digest: `sha256:${'0'.repeat(64)}` as const };
    expect(statusOf(await decide({ engine }), 'decision')).toEqual(['unverifiable', 'engine_unknown']);
  });

  it('is unverifiable when the evaluator gives no answer', async () => {
    const evaluate = () => Promise.reject(new Error('out of order'));
    expect(statusOf(await decide({ evaluate }), 'decision')).toEqual(['unverifiable', 'evaluator_failed']);
  });

  it('is unverifiable when the policy set is withheld', async () => {
    const bytes = edited((bundle) => {
      bundle.policies = {};
    });
    const report = await verifyBundle(bytes, { evaluator });
    expect(statusOf(report, 'decision')).toEqual(['unverifiable', 'policy_withheld']);
    // Leaving the policies out must not turn a bundle that fails re-execution into one that passes.
    expect([report.verify_verdict, report.required.includes('decision')]).toEqual(['FAIL', true]);
    const { required } = await verifyBundle(bytes, { evaluator, require: ['integrity'] });
    expect(required).toEqual(['structure', 'integrity']);
  });

  it('never lets the evaluator see a policy set under a digest that is not its own', async () => {
    let wasAsked = false;
    const evaluate: PolicyEvaluator['evaluate'] = (request) => {
      wasAsked = true;
      return evaluator.evaluate(request);
    };
    const bytes = edited((bundle) => {
      for (const set of Object.values(bundle.policies)) Object.assign(set as object, { cedar_schema: 'x' });
    });
    const report = await verifyBundle(bytes, { evaluator: { ...evaluator, evaluate } });
    expect([wasAsked, ...statusOf(report, 'decision')]).toEqual([false, 'failed', 'policy_digest_mismatch']);
  });

  it('is unverifiable when nothing was decided', async () => {
    const steps = lying(deniedSteps(), 'stream_closed', (payload) => {
      Object.assign(payload, { reason: 'cancelled', record_count: 2 });
    }).filter((step) => step.kind !== 'verdict_resolved');
    const report = await verifyBundle(resealed(steps), { evaluator });
    expect([report.verify_verdict, ...statusOf(report, 'decision')]).toEqual([
      'PASS',
      'unverifiable',
      'decision_missing',
    ]);
  });

  it('names the member that differs with both values', async () => {
    const bytes = resealed(
      lying(deniedSteps(), 'verdict_resolved', (payload) => {
        payload.verdict = 'allow';
      }),
    );
    const report = await verifyBundle(bytes, { evaluator });
    const [divergence] = report.checks.find((check) => check.name === 'decision')?.divergences ?? [];
    expect(divergence).toMatchObject({ record: 1, expected: '"deny"', found: '"allow"' });
    expect(divergence?.pointer).toMatch(/^\/payloads\/sha256:[0-9a-f]{64}\/value\/verdict$/);
  });
});

describe('withheld payloads', () => {
  const kinds = ['intent_received', 'verdict_resolved', 'stream_closed'] as const;

  it.each(kinds)('leave the lifecycle open and fail by default: %s', async (kind) => {
    const report = await verifyBundle(encodeBundle(buildBundle(deniedSteps(), { withhold: [kind] })), { evaluator });
    expect(statusOf(report, 'integrity')).toEqual(['passed', undefined]);
    expect([report.verify_verdict, ...statusOf(report, 'lifecycle')]).toEqual([
      'FAIL',
      'unverifiable',
      'payload_withheld',
    ]);
    expect(report.limitations).toContain('payloads_withheld');
  });

  it('still let pass what a caller requires of a redacted bundle', async () => {
    const bytes = encodeBundle(buildBundle(deniedSteps(), { withhold: kinds }));
    const report = await verifyBundle(bytes, { require: ['integrity', 'completeness'], trust: TRUST });
    expect([report.verify_verdict, report.assurance]).toEqual(['PASS', 'signed']);
  });

  it('leave the decision open', async () => {
    const report = await verifyBundle(encodeBundle(buildBundle(deniedSteps(), { withhold: ['intent_received'] })), {
      evaluator,
    });
    expect(statusOf(report, 'decision')).toEqual(['unverifiable', 'payload_withheld']);
  });
});

describe('requirements', () => {
  it('fail a governance check that nobody can make', async () => {
    const report = await verifyBundle(DENIED, { require: ['governance'] });
    expect([report.verify_verdict, ...statusOf(report, 'governance')]).toEqual([
      'FAIL',
      'unverifiable',
      'governance_not_checked',
    ]);
  });

  it('never save a bundle whose check failed', async () => {
    const bytes = resealed(deniedSteps().slice(0, 2));
    expect((await verifyBundle(bytes, { require: ['structure'] })).verify_verdict).toBe('FAIL');
  });

  it('refuse an unknown check', async () => {
    const unknown = ['everything'] as unknown as ['structure'];
    await expect(verifyBundle(DENIED, { require: unknown })).rejects.toThrow(TypeError);
  });

  it('leave nothing but structure to be asked when the file is unreadable', async () => {
    const report = await verifyBundle(new Uint8Array([1, 2, 3]), { trust: TRUST });
    expect(report.bundle.shape).toBe('unknown');
    expect(report.checks.map((check) => check.status)).toEqual(['failed', ...Array(7).fill('unverifiable')]);
    expect([report.verify_verdict, report.assurance]).toEqual(['FAIL', 'none']);
  });
});
