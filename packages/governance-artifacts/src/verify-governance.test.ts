import { type GovernanceCode, type JsonObject, verificationReportSchema } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import {
  coreReport,
  directory,
  entry,
  evidenceOf,
  fileWith,
  handle,
  honest,
  manifestOf,
  POLICY,
  PROOF,
  withProvider,
} from '../test/fixtures.ts';
import { hashArtifact } from './artifact-hash.ts';
import { formatGovernance } from './report-text.ts';
import { type VerifyGovernanceOptions, verifyGovernance } from './verify-governance.ts';

const ENTRY = entry('policy_snapshot', POLICY, true);
const SOUND = evidenceOf([ENTRY], [POLICY]);
const OPTIONAL = evidenceOf([entry('policy_snapshot', POLICY)], [POLICY]);
const requires = (...required_types: string[]) => ({ schema: 'exoarmur.governance-policy/1' as const, required_types });

async function verify(evidence: unknown, options: Partial<VerifyGovernanceOptions> = {}, core = coreReport()) {
  const report = await verifyGovernance(fileWith(evidence), core, {
    providers: withProvider(),
    enforcement: true,
    ...options,
  });
  expect(verificationReportSchema.safeParse(report).error).toBeUndefined();
  return report;
}

describe('the diagnosis of the ancestor', () => {
  it('comes out member for member, with every entry listed', async () => {
    const policy = entry('policy_snapshot', POLICY, true);
    const proof = entry('tool_invocation_proof', PROOF);
    const report = await verify(evidenceOf([policy, proof], [POLICY, PROOF]), { enforcement: false });
    expect(report.verify_verdict).toBe('PASS');
    expect(report.governance_artifacts).toEqual({
      present: true,
      valid_manifest: true,
      manifest_hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      artifact_count: 2,
      required_count: 1,
      optional_count: 1,
      artifact_types: ['policy_snapshot', 'tool_invocation_proof'],
      provider_availability: { policy_snapshot: 'available', tool_invocation_proof: 'unavailable' },
      semantic_verification: {
        attempted: true,
        verdict_effect: 'diagnostic_only',
        total: 2,
        verified: 1,
        valid: 1,
        invalid: 0,
        unavailable: 1,
        results: [
          {
            artifact_type: 'policy_snapshot',
            schema_version: 'policy_snapshot.v1',
            artifact_hash: policy.artifact_hash,
            provider_available: true,
            provider_version: '0.1.0',
            content_available: true,
            hash_matches: true,
            semantic_valid: true,
            code: 'SEMANTIC_VALID',
            message: 'Artifact verified successfully',
          },
          {
            artifact_type: 'tool_invocation_proof',
            schema_version: 'tool_invocation_proof.v1',
            artifact_hash: proof.artifact_hash,
            provider_available: false,
            provider_version: null,
            content_available: true,
            hash_matches: true,
            semantic_valid: null,
            code: 'PROVIDER_UNAVAILABLE',
            message: 'No trusted provider is listed for this type',
          },
        ],
      },
      verdict_effect: 'diagnostic_only',
    });
    expect(report.governance_enforcement?.outcome).toBe('NOT_ENABLED');
  });

  it('is silent about a bundle without a manifest when nobody asks', async () => {
    const core = coreReport();
    expect(await verify({}, { providers: undefined, enforcement: false }, core)).toBe(core);
    expect(formatGovernance(core)).toBe('');
  });

  it('says that there is none when somebody asks', async () => {
    const report = await verify({}, { enforcement: false });
    expect(report.governance_artifacts).toMatchObject({ present: false, valid_manifest: false, manifest_hash: null });
    expect(report.verify_verdict).toBe('PASS');
  });

  it('needs no provider and no flag to check shape, counts and hashes', async () => {
    const report = await verify(SOUND, { providers: undefined, enforcement: false });
    expect(report.governance_artifacts).toMatchObject({
      valid_manifest: true,
      semantic_verification: { attempted: false },
    });
    expect(report.governance_artifacts?.semantic_verification.results[0]).toMatchObject({
      hash_matches: true,
      code: 'DISCOVERY_DISABLED',
    });
    expect(report.governance_providers).toBeUndefined();
  });
});

describe('the truth table of enforcement', () => {
  const core = 'core verdict';
  const available = withProvider();
  const rows: [string, unknown, Partial<VerifyGovernanceOptions>, string, 'FAIL' | typeof core, GovernanceCode?][] = [
    ['off, whatever is wrong', { governance_artifacts_manifest: 7 }, { enforcement: false }, 'NOT_ENABLED', core],
    ['absent, no policy', {}, {}, 'NOTHING_REQUIRED', core],
    [
      'absent, the policy requires a type',
      {},
      { policy: requires('policy_snapshot') },
      'FAIL',
      'FAIL',
      'MANIFEST_ABSENT',
    ],
    ['invalid', { governance_artifacts_manifest: {} }, {}, 'FAIL', 'FAIL', 'MANIFEST_INVALID'],
    ['nothing required', OPTIONAL, { providers: undefined }, 'NOTHING_REQUIRED', core],
    ['content missing', evidenceOf([ENTRY], []), {}, 'FAIL', 'FAIL', 'CONTENT_UNAVAILABLE'],
    [
      'hash differs',
      { ...SOUND, governance_artifacts: { [ENTRY.artifact_hash]: PROOF } },
      {},
      'FAIL',
      'FAIL',
      'HASH_MISMATCH',
    ],
    ['provider absent', SOUND, { providers: directory({}) }, 'FAIL', 'FAIL', 'PROVIDER_UNAVAILABLE'],
    [
      'provider untrusted',
      SOUND,
      { providers: directory({ policy_snapshot: { status: 'untrusted' } }) },
      'FAIL',
      'FAIL',
      'PROVIDER_UNTRUSTED',
    ],
    [
      'provider in conflict',
      SOUND,
      { providers: directory({ policy_snapshot: { status: 'conflict' } }) },
      'FAIL',
      'FAIL',
      'PROVIDER_CONFLICT',
    ],
    ['discovery off', SOUND, { providers: undefined }, 'FAIL', 'FAIL', 'DISCOVERY_DISABLED'],
    [
      'semantic false',
      SOUND,
      { providers: withProvider(handle((request) => honest(request, false))) },
      'FAIL',
      'FAIL',
      'SEMANTIC_INVALID',
    ],
    [
      'semantic error',
      SOUND,
      { providers: withProvider(handle(() => ({ outcome: 'crashed' }))) },
      'FAIL',
      'FAIL',
      'PROVIDER_CRASHED',
    ],
    [
      'semantic timeout',
      SOUND,
      { providers: withProvider(handle(() => ({ outcome: 'timed_out' }))) },
      'FAIL',
      'FAIL',
      'PROVIDER_TIMEOUT',
    ],
    ['all good', SOUND, { providers: available }, 'PASS', core],
    [
      'optional and invalid',
      { ...OPTIONAL, governance_artifacts: { [ENTRY.artifact_hash]: PROOF } },
      {},
      'NOTHING_REQUIRED',
      core,
    ],
  ];
  it.each(rows)('%s', async (_row, evidence, options, outcome, effect, code) => {
    for (const verdict of ['PASS', 'FAIL'] as const) {
      const report = await verify(evidence, options, coreReport(verdict));
      expect(report.governance_enforcement).toMatchObject({ outcome, core_verdict: verdict });
      // A failed core stays failed in every row.
      expect(report.verify_verdict).toBe(effect === core ? verdict : 'FAIL');
      expect(report.governance_enforcement?.failures[0]?.code).toBe(code);
      const check = report.checks.find(({ name }) => name === 'governance');
      expect(check?.status).toBe(outcome === 'FAIL' ? 'failed' : outcome === 'PASS' ? 'passed' : 'not_requested');
      expect(check?.divergences[0]?.code).toBe(code?.toLowerCase());
      expect(report.limitations).toEqual(outcome === 'PASS' ? [] : ['governance_not_checked']);
    }
  });

  it('counts a type that the policy names twice once, and lists types in order', async () => {
    const report = await verify(SOUND, { policy: requires('tool_invocation_proof', 'a', 'policy_snapshot', 'a') });
    expect(report.governance_enforcement).toMatchObject({
      policy_required_types: ['a', 'policy_snapshot', 'tool_invocation_proof'],
      required_total: 3,
      required_satisfied: 1,
      failures: [{ artifact_type: 'a' }, { artifact_type: 'tool_invocation_proof' }],
    });
  });

  it('says fail_closed where it can fail', async () => {
    const { governance_artifacts: found } = await verify(SOUND);
    expect([found?.verdict_effect, found?.semantic_verification.verdict_effect]).toEqual([
      'fail_closed',
      'fail_closed',
    ]);
  });

  it('takes a required check for a demand: of nothing there is no pass', async () => {
    const report = await verify({}, { enforcement: false, isRequired: true });
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.required).toContain('governance');
    expect(report.checks.at(-1)).toMatchObject({ status: 'unverifiable', divergences: [{ code: 'nothing_required' }] });
    expect((await verify(SOUND, { enforcement: false, isRequired: true })).verify_verdict).toBe('PASS');
  });
});

describe('an attacker who writes the manifest', () => {
  const policy = requires('policy_snapshot', 'risk_assessment');
  it('cannot strip it', async () => {
    const report = await verify(
      { governance_artifacts: SOUND.governance_artifacts },
      { policy: requires('policy_snapshot') },
    );
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.governance_enforcement?.failures.map(({ code }) => code)).toEqual([
      'MANIFEST_ABSENT',
      'UNLISTED_CONTENT',
    ]);
  });

  it('cannot leave a required type out', async () => {
    const report = await verify(SOUND, { policy });
    expect(report.governance_enforcement).toMatchObject({
      outcome: 'FAIL',
      required_total: 2,
      required_satisfied: 1,
      failures: [{ index: null, artifact_type: 'risk_assessment', code: 'REQUIRED_TYPE_MISSING' }],
    });
  });

  it('cannot make a required type optional', async () => {
    const evidence = { ...OPTIONAL, governance_artifacts: {} };
    expect((await verify(evidence)).verify_verdict).toBe('PASS');
    expect((await verify(evidence, { policy: requires('policy_snapshot') })).verify_verdict).toBe('FAIL');
  });

  it('cannot hide content beside the manifest', async () => {
    const other = hashArtifact('other.v1', PROOF);
    const evidence = {
      ...OPTIONAL,
      governance_artifacts: { ...OPTIONAL.governance_artifacts, [other]: PROOF, x: PROOF },
    };
    const report = await verify(evidence);
    expect(report.governance_enforcement?.failures).toMatchObject([
      { code: 'UNLISTED_CONTENT', artifact_hash: other },
      { code: 'UNLISTED_CONTENT', artifact_hash: null },
    ]);
    expect((await verify(evidence, { enforcement: false })).verify_verdict).toBe('PASS');
  });

  it('cannot hide content in a container of another shape', async () => {
    for (const governance_artifacts of [[POLICY], 'text', null]) {
      const report = await verify({ governance_artifacts_manifest: manifestOf(), governance_artifacts });
      expect(report.governance_enforcement?.failures).toMatchObject([
        { code: 'UNLISTED_CONTENT', artifact_hash: null },
      ]);
    }
  });

  it('cannot have an altered bundle enforced as one that requires nothing', async () => {
    const report = await verify(OPTIONAL, {}, coreReport('FAIL', 'integrity'));
    expect(report.governance_enforcement).toMatchObject({ outcome: 'FAIL', failures: [{ code: 'NOT_REACHED' }] });
  });

  it('cannot bury the report under failures, and every one is counted', async () => {
    const contents = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x${n}`, PROOF]));
    const bytes = new TextEncoder().encode(
      JSON.stringify({
        governance_evidence: { governance_artifacts: Object.fromEntries(Object.entries(contents).reverse()) },
      }),
    );
    const options = { providers: undefined, enforcement: true };
    const report = await verifyGovernance(bytes, coreReport(), options);
    expect(report.governance_enforcement?.failures).toHaveLength(40);
    expect(report.checks.at(-1)?.divergences).toHaveLength(32);
    // The same report whatever the order of the members in the file.
    const sorted = await verifyGovernance(fileWith({ governance_artifacts: contents }), coreReport(), options);
    expect(report).toEqual(sorted);
  });

  it('finds no evidence that the file does not have', async () => {
    Object.defineProperty(Object.prototype, 'governance_evidence', { value: SOUND, configurable: true });
    try {
      const report = await verifyGovernance(new TextEncoder().encode('{}'), coreReport(), {
        ...{ providers: withProvider(), enforcement: true },
      });
      expect(report.governance_artifacts?.present).toBe(false);
    } finally {
      delete (Object.prototype as { governance_evidence?: unknown }).governance_evidence;
    }
  });

  it('reaches no provider with an altered bundle', async () => {
    let runs = 0;
    const providers = withProvider(
      handle((request) => {
        runs += 1;
        return honest(request);
      }),
    );
    const report = await verify(SOUND, { providers }, coreReport('FAIL', 'integrity'));
    expect([runs, report.verify_verdict]).toEqual([0, 'FAIL']);
    expect(report.governance_artifacts?.semantic_verification).toMatchObject({
      attempted: false,
      results: [{ code: 'NOT_REACHED' }],
    });
    expect((await verify(SOUND, { providers }, coreReport('FAIL', 'structure'))).governance_artifacts?.present).toBe(
      false,
    );
  });
});

describe('manifests', () => {
  const { required_for_verdict: _, ...withoutRequired } = ENTRY;
  it.each<[string, unknown, string, string?]>([
    ['no object', 7, ''],
    ['another algorithm', { ...manifestOf(ENTRY), hash_algorithm: 'md5' }, '/hash_algorithm'],
    ['a member too many', { ...manifestOf(ENTRY), extra: 1 }, ''],
    ['no word on whether it is required', manifestOf(withoutRequired), '/artifacts/0/required_for_verdict'],
    [
      'a text for a boolean',
      manifestOf({ ...ENTRY, required_for_verdict: 'true' }),
      '/artifacts/0/required_for_verdict',
    ],
    ['a type in capitals', manifestOf({ ...ENTRY, artifact_type: 'Policy' }), '/artifacts/0/artifact_type'],
    ['a version of another type', manifestOf({ ...ENTRY, schema_version: 'policy.v1' }), '/artifacts/0/schema_version'],
    [
      'a hash in capitals',
      manifestOf({ ...ENTRY, artifact_hash: ENTRY.artifact_hash.toUpperCase() }),
      '/artifacts/0/artifact_hash',
    ],
    [
      'one entry twice',
      manifestOf(ENTRY, { ...ENTRY, required_for_verdict: false }),
      '/artifacts/1',
      'duplicate_entry',
    ],
    ['too many entries', manifestOf(...Array.from({ length: 65 }, () => ENTRY)), '/artifacts'],
  ])('are refused with %s', async (_name, manifest, pointer, code = 'manifest_invalid') => {
    const report = await verify({ governance_artifacts_manifest: manifest });
    expect(report.governance_artifacts).toMatchObject({
      present: true,
      valid_manifest: false,
      manifest_hash: null,
      artifact_count: 0,
    });
    expect(report.checks.at(-1)?.divergences[0]).toMatchObject({
      code,
      pointer: `/governance_evidence/governance_artifacts_manifest${pointer}`,
    });
  });

  it('may name one hash under two types, of which one is right', async () => {
    const second = { ...ENTRY, artifact_type: 'other', schema_version: 'other.v1', required_for_verdict: false };
    const report = await verify({ ...SOUND, governance_artifacts_manifest: manifestOf(ENTRY, second) });
    expect(report.governance_artifacts?.semantic_verification.results.map(({ code }) => code)).toEqual([
      'SEMANTIC_VALID',
      'HASH_MISMATCH',
    ]);
  });

  it('of no entry attempts nothing', async () => {
    const report = await verify({ governance_artifacts_manifest: manifestOf() });
    expect(report.governance_artifacts).toMatchObject({
      valid_manifest: true,
      semantic_verification: { attempted: false },
    });
  });

  it('may name one type twice', async () => {
    const other: JsonObject = { policies: {} };
    const entries = [ENTRY, entry('policy_snapshot', other)];
    const { governance_artifacts: found } = await verify(evidenceOf(entries, [POLICY, other]));
    expect(found).toMatchObject({
      artifact_count: 2,
      artifact_types: ['policy_snapshot'],
      semantic_verification: { valid: 2 },
    });
  });
});
