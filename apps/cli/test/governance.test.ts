import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DISCOVERY, ENFORCEMENT, GovernanceDesk, PROOF, resultsOf, SNAPSHOT } from './governance-desk.ts';

const desk = new GovernanceDesk();

beforeAll(async () => {
  await desk.open();
  const both = ['--required', 'policy_snapshot.v1=demo/policies.json'];
  const proof = ['--artifact', 'tool_invocation_proof.v1=receipt.json'];
  expect(await desk.attach('attached.json', ...both, ...proof)).toMatchObject({
    exitCode: 0,
    out: 'attached.json: 2 artifacts, 1 required\n',
  });
  await desk.attach('optional.json', '--artifact', 'policy_snapshot.v1=other-policies.json');
  await desk.attach('lying.json', '--required', 'policy_snapshot.v1=other-policies.json');
});

afterAll(() => {
  desk.close();
});

describe('verify-bundle', () => {
  test('prints what the ancestor printed: two entries, one provider', async () => {
    const report = await desk.verify('attached.json', DISCOVERY, '--providers', 'one.json');
    const [snapshot, proof] = report.governance_artifacts?.semantic_verification.results ?? [];
    const hash = /^sha256:[0-9a-f]{64}$/;
    expect(report.verify_verdict).toBe('PASS');
    expect(report.governance_artifacts).toEqual({
      present: true,
      valid_manifest: true,
      manifest_hash: expect.stringMatching(hash),
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
        results: [snapshot, proof],
      },
      verdict_effect: 'diagnostic_only',
    });
    expect(snapshot).toEqual({
      artifact_type: 'policy_snapshot',
      schema_version: 'policy_snapshot.v1',
      artifact_hash: expect.stringMatching(hash),
      provider_available: true,
      provider_version: '0.1.0',
      content_available: true,
      hash_matches: true,
      semantic_valid: true,
      code: 'SEMANTIC_VALID',
      message: 'Artifact verified successfully',
    });
    expect(proof).toMatchObject({ provider_version: null, semantic_valid: null, code: 'PROVIDER_UNAVAILABLE' });
  });

  test('verifies a receipt of the tool with the keys of the operator, and prints it for people', async () => {
    const args = [
      'verify-bundle',
      '--bundle',
      'attached.json',
      '--providers',
      'both.json',
      '--capability-events',
      'events.jsonl',
    ];
    const { out, exitCode } = await desk.run(args, ENFORCEMENT);
    expect(exitCode).toBe(0);
    expect(out).toContain('2 listed, 1 required by the manifest, 2 valid, 0 invalid, 0 not verified');
    expect(out).toContain('Enforcement: PASS, 1 of 1 required satisfied, core verdict PASS');
    const events = readFileSync(desk.path('events.jsonl'), 'utf8').trimEnd().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { schema: string }).schema.split('.')[3])).toEqual([
      'registration',
      'registration',
      'activation',
      'activation',
    ]);
  });

  test('gives the same bytes in every run, layout and order', async () => {
    const args = ['verify-bundle', '--bundle', 'attached.json', '--json', '--providers'];
    const root = desk.path('strict');
    for (const name of [PROOF, SNAPSHOT]) desk.install(root, name, 'pnpm');
    desk.trust(root, 'reversed.json', PROOF, SNAPSHOT);
    const outputs = [
      await desk.run([...args, 'both.json'], DISCOVERY),
      await desk.run([...args, 'both.json'], DISCOVERY),
      await desk.run([...args, 'reversed.json', '--project', 'strict'], DISCOVERY),
    ];
    expect(new Set(outputs.map(({ out }) => out)).size).toBe(1);
    expect(outputs[0]?.out).toContain('"valid": 2');
  });

  test('says nothing of providers unless it is asked', async () => {
    for (const json of [[], ['--json']]) {
      const { out } = await desk.run(['verify-bundle', '--bundle', 'demo/proof-bundle.json', ...json]);
      expect(out).not.toMatch(/provider|governance_(?!not_checked)/);
    }
    const report = await desk.verify('demo/proof-bundle.json', DISCOVERY);
    expect(report.governance_artifacts?.present).toBe(false);
    expect(report.verify_verdict).toBe('PASS');
  });

  test('checks shape and hashes of a manifest without any flag, and runs nobody', async () => {
    const report = await desk.verify('attached.json', {}, '--providers', 'both.json');
    expect(resultsOf(report)).toEqual(['DISCOVERY_DISABLED', 'DISCOVERY_DISABLED']);
    expect(report.governance_enforcement?.outcome).toBe('NOT_ENABLED');
  });
});

describe('enforcement', () => {
  const policy = ['--governance-policy', 'policy.json', '--providers', 'both.json'];

  test('passes what is there and valid, with the flag or the check', async () => {
    expect((await desk.verify('attached.json', ENFORCEMENT, ...policy)).verify_verdict).toBe('PASS');
    const required = ['--require', 'integrity,governance'];
    expect((await desk.verify('attached.json', DISCOVERY, ...policy, ...required)).verify_verdict).toBe('PASS');
  });

  test('fails a bundle whose manifest was stripped', async () => {
    const report = await desk.verify('demo/proof-bundle.json', ENFORCEMENT, ...policy);
    expect(report.governance_enforcement?.failures).toMatchObject([
      { code: 'MANIFEST_ABSENT', artifact_type: 'policy_snapshot' },
    ]);
    expect(report.verify_verdict).toBe('FAIL');
  });

  test('fails a bundle that was sealed again with less required', async () => {
    const lenient = await desk.verify('optional.json', ENFORCEMENT, '--providers', 'both.json');
    expect([lenient.verify_verdict, ...(resultsOf(lenient) ?? [])]).toEqual(['PASS', 'SEMANTIC_INVALID']);
    expect((await desk.verify('optional.json', ENFORCEMENT, ...policy)).verify_verdict).toBe('FAIL');
  });

  test('fails another policy set than the one in force, and without it the verdict stays', async () => {
    const report = await desk.verify('lying.json', ENFORCEMENT, '--providers', 'both.json');
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.governance_artifacts?.semantic_verification.results[0]?.message).toContain('policy_digest_differs');
    expect((await desk.verify('lying.json', DISCOVERY, '--providers', 'both.json')).verify_verdict).toBe('PASS');
  });

  test('with discovery off fails closed', async () => {
    const { EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED } = ENFORCEMENT;
    const report = await desk.verify('attached.json', { EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED });
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.governance_enforcement?.failures[0]?.code).toBe('DISCOVERY_DISABLED');
  });

  test('is never silently off', async () => {
    expect(await desk.run(['verify-bundle', '--bundle', 'attached.json', ...policy], DISCOVERY)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CLI_GOVERNANCE_NOT_ENFORCED'),
    });
    const near = { EXOARMUR_FLAG_GOVERNANCE_ARTIFACTS_ENFORCEMENT_ENABLED: 'true' };
    expect(await desk.run(['verify-bundle', '--bundle', 'attached.json'], near)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CONTRACTS_FLAG_UNKNOWN'),
    });
  });
});
