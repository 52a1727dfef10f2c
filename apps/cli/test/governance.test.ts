import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  canonicalizeToBytes,
  createSigner,
  digestValue,
  encodeUtf8,
  parseJson,
  signEnvelope,
} from '@exoarmur/canonical';
import { type VerificationReport, verificationReportSchema } from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDemo } from '../src/demo/run-demo.ts';
import { runProgram } from '../src/program.ts';
import { createTerminal } from '../src/terminal.ts';

const PACKAGES = fileURLToPath(new URL('../../../packages', import.meta.url));
const DISCOVERY = { EXOARMUR_FLAG_GOVERNANCE_ARTIFACTS_ENABLED: 'true' };
const ENFORCEMENT = { ...DISCOVERY, EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED: 'true' };
const SNAPSHOT = '@exoarmur/provider-policy-snapshot';
const PROOF = '@exoarmur/provider-tool-invocation-proof';
const toolKey = createSigner('tool.example/filesystem', new Uint8Array(32).fill(7));

let folder = '';

async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
  const terminal = createTerminal(stream('out'), stream('err'), {});
  return { exitCode: await runProgram(args, { terminal, cwd: folder, environment }), ...written };
}

async function verify(bundle: string, environment: Readonly<Record<string, string>>, ...args: string[]) {
  const { out, exitCode, err } = await run(['verify-bundle', '--bundle', bundle, '--json', ...args], environment);
  expect(err).toBe('');
  const report = verificationReportSchema.parse(JSON.parse(out));
  expect(exitCode).toBe(report.verify_verdict === 'PASS' ? 0 : 1);
  return report;
}

const resultsOf = (report: VerificationReport) =>
  report.governance_artifacts?.semantic_verification.results.map(({ code }) => code);

/** Installs a provider package of the workspace, or one with `source` in its place. */
function install(root: string, name: string, layout: 'npm' | 'pnpm' = 'npm', source?: string): void {
  const origin = join(PACKAGES, name.replace('@exoarmur/', ''));
  const store =
    layout === 'npm' ? join(root, 'node_modules', name) : join(root, 'node_modules/.pnpm/p/node_modules', name);
  mkdirSync(join(store, 'dist'), { recursive: true });
  cpSync(join(origin, 'package.json'), join(store, 'package.json'));
  const text = source ?? stripTypeScriptTypes(readFileSync(join(origin, 'src/index.ts'), 'utf8'));
  writeFileSync(join(store, 'dist/index.js'), text);
  const link = join(root, 'node_modules', name);
  if (layout === 'npm') return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(store, link, 'junction');
}

function trustFile(root: string, file: string, ...names: string[]): void {
  const providers = names.map((name) => {
    const bytes = readFileSync(join(root, 'node_modules', name, 'dist/index.js'));
    return {
      package: name,
      version: '0.1.0',
      artifact_types: [name.replace('@exoarmur/provider-', '').replaceAll('-', '_')],
      runtime: 'process',
      files: { 'dist/index.js': `sha256:${createHash('sha256').update(bytes).digest('hex')}` },
      configuration: name === PROOF ? { tool_keys: [toolKey.vkey] } : {},
    };
  });
  writeFileSync(join(folder, file), JSON.stringify({ schema: 'exoarmur.provider-trust/1', providers }));
}

const attach = (out: string, ...artifacts: string[]) =>
  run(['bundle', 'attach', 'demo/proof-bundle.json', '--key', 'demo/boundary.key', '--out', out, ...artifacts]);

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-governance-')));
  await runDemo(join(folder, 'demo'), true);
  const { payloads, records, statement } = parseJson(readFileSync(join(folder, 'demo/proof-bundle.json'))) as never as {
    payloads: Record<string, { value: object }>;
    records: { kind: string; payload: { digest: string } }[];
    statement: { payload: string };
  };
  const { subject } = JSON.parse(Buffer.from(statement.payload, 'base64').toString()) as {
    subject: [{ digest: { sha256: string } }];
  };
  const completed = records.find(({ kind }) => kind === 'execution_completed');
  const outcome_digest = digestValue('exoarmur.outcome/1', payloads[completed?.payload.digest ?? '']?.value);
  const receipt = {
    schema: 'exoarmur.tool-receipt/1',
    tool: 'filesystem',
    intent_digest: `sha256:${subject[0].digest.sha256}`,
    outcome_digest,
  };
  const payloadType = 'application/vnd.exoarmur.tool-receipt.v1+json';
  const envelope = signEnvelope({ payloadType, payload: canonicalizeToBytes(receipt), signers: [toolKey] });
  writeFileSync(join(folder, 'receipt.json'), JSON.stringify(envelope));
  writeFileSync(
    join(folder, 'other-policies.json'),
    JSON.stringify({ schema: 'exoarmur.policy-set/1', language: 'cedar', policies: {}, cedar_schema: '' }),
  );
  writeFileSync(
    join(folder, 'policy.json'),
    JSON.stringify({ schema: 'exoarmur.governance-policy/1', required_types: ['policy_snapshot'] }),
  );
  for (const name of [SNAPSHOT, PROOF]) install(folder, name);
  trustFile(folder, 'one.json', SNAPSHOT);
  trustFile(folder, 'both.json', SNAPSHOT, PROOF);
  const both = [
    '--required',
    'policy_snapshot.v1=demo/policies.json',
    '--artifact',
    'tool_invocation_proof.v1=receipt.json',
  ];
  expect(await attach('attached.json', ...both)).toMatchObject({
    exitCode: 0,
    out: 'attached.json: 2 artifacts, 1 required\n',
  });
  await attach('optional.json', '--artifact', 'policy_snapshot.v1=other-policies.json');
  await attach('lying.json', '--required', 'policy_snapshot.v1=other-policies.json');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('verify-bundle', () => {
  test('prints what the ancestor printed: two entries, one provider', async () => {
    const report = await verify('attached.json', DISCOVERY, '--providers', 'one.json');
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
    const { out, exitCode } = await run(args, ENFORCEMENT);
    expect(exitCode).toBe(0);
    expect(out).toContain('2 listed, 1 required by the manifest, 2 valid, 0 invalid, 0 not verified');
    expect(out).toContain('Enforcement: PASS, 1 of 1 required satisfied, core verdict PASS');
    const events = readFileSync(join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { schema: string }).schema.split('.')[3])).toEqual([
      'registration',
      'registration',
      'activation',
      'activation',
    ]);
  });

  test('gives the same bytes in every run, layout and order', async () => {
    const args = ['verify-bundle', '--bundle', 'attached.json', '--json', '--providers'];
    const root = join(folder, 'strict');
    for (const name of [PROOF, SNAPSHOT]) install(root, name, 'pnpm');
    trustFile(root, 'reversed.json', PROOF, SNAPSHOT);
    const outputs = [
      await run([...args, 'both.json'], DISCOVERY),
      await run([...args, 'both.json'], DISCOVERY),
      await run([...args, 'reversed.json', '--project', 'strict'], DISCOVERY),
    ];
    expect(new Set(outputs.map(({ out }) => out)).size).toBe(1);
    expect(outputs[0]?.out).toContain('"valid": 2');
  });

  test('says nothing of providers unless it is asked', async () => {
    for (const json of [[], ['--json']]) {
      const { out } = await run(['verify-bundle', '--bundle', 'demo/proof-bundle.json', ...json]);
      expect(out).not.toMatch(/provider|governance_(?!not_checked)/);
    }
    const report = await verify('demo/proof-bundle.json', DISCOVERY);
    expect(report.governance_artifacts?.present).toBe(false);
    expect(report.verify_verdict).toBe('PASS');
  });

  test('checks shape and hashes of a manifest without any flag, and runs nobody', async () => {
    const report = await verify('attached.json', {}, '--providers', 'both.json');
    expect(resultsOf(report)).toEqual(['DISCOVERY_DISABLED', 'DISCOVERY_DISABLED']);
    expect(report.governance_enforcement?.outcome).toBe('NOT_ENABLED');
  });
});

describe('enforcement', () => {
  const policy = ['--governance-policy', 'policy.json', '--providers', 'both.json'];

  test('passes what is there and valid, with the flag or the check', async () => {
    expect((await verify('attached.json', ENFORCEMENT, ...policy)).verify_verdict).toBe('PASS');
    const required = ['--require', 'integrity,governance'];
    expect((await verify('attached.json', DISCOVERY, ...policy, ...required)).verify_verdict).toBe('PASS');
  });

  test('fails a bundle whose manifest was stripped', async () => {
    const report = await verify('demo/proof-bundle.json', ENFORCEMENT, ...policy);
    expect(report.governance_enforcement?.failures).toMatchObject([
      { code: 'MANIFEST_ABSENT', artifact_type: 'policy_snapshot' },
    ]);
    expect(report.verify_verdict).toBe('FAIL');
  });

  test('fails a bundle that was sealed again with less required', async () => {
    const lenient = await verify('optional.json', ENFORCEMENT, '--providers', 'both.json');
    expect([lenient.verify_verdict, ...(resultsOf(lenient) ?? [])]).toEqual(['PASS', 'SEMANTIC_INVALID']);
    expect((await verify('optional.json', ENFORCEMENT, ...policy)).verify_verdict).toBe('FAIL');
  });

  test('fails another policy set than the one in force, and without it the verdict stays', async () => {
    const report = await verify('lying.json', ENFORCEMENT, '--providers', 'both.json');
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.governance_artifacts?.semantic_verification.results[0]?.message).toContain('policy_digest_differs');
    expect((await verify('lying.json', DISCOVERY, '--providers', 'both.json')).verify_verdict).toBe('PASS');
  });

  test('with discovery off fails closed', async () => {
    const { EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED } = ENFORCEMENT;
    const report = await verify('attached.json', { EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED });
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.governance_enforcement?.failures[0]?.code).toBe('DISCOVERY_DISABLED');
  });

  test('is never silently off', async () => {
    expect(await run(['verify-bundle', '--bundle', 'attached.json', ...policy], DISCOVERY)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CLI_GOVERNANCE_NOT_ENFORCED'),
    });
    const near = { EXOARMUR_FLAG_GOVERNANCE_ARTIFACTS_ENFORCEMENT_ENABLED: 'true' };
    expect(await run(['verify-bundle', '--bundle', 'attached.json'], near)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CONTRACTS_FLAG_UNKNOWN'),
    });
  });
});

describe('a hostile provider', () => {
  const marker = () => join(folder, 'marker');
  const honest = 'canonicalHash: (a, { schemaVersion, tools }) => tools.hashArtifact(schemaVersion, a)';
  const valid = 'verifyArtifact: () => ({ valid: true })';
  test.each<[string, () => string, string]>([
    [
      'writes a marker when it is loaded',
      () =>
        `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker())}, ''); export default { ${honest}, ${valid} }`,
      'PROVIDER_CRASHED',
    ],
    [
      'patches prototypes',
      () =>
        `Object.prototype.code = 'SEMANTIC_VALID'; JSON.stringify = () => '{"verify_verdict":"FAIL"}'; export default { ${honest}, ${valid} }`,
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'lies about the hash',
      () => `export default { canonicalHash: () => 'sha256:' + 'a'.repeat(64), ${valid} }`,
      'PROVIDER_HASH_DISAGREES',
    ],
    [
      'answers differently the second time',
      () => `export default { ${honest}, verifyArtifact: () => ({ valid: false, reason: 'pid_' + process.pid }) }`,
      'PROVIDER_NONDETERMINISTIC',
    ],
    ['exits', () => 'process.exit(0)', 'PROVIDER_CRASHED'],
    [
      'prints secrets',
      () => `export default { ${honest}, verifyArtifact: () => { console.log('SECRET'); return { valid: true } } }`,
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'reads files',
      () =>
        `import { readFileSync } from 'node:fs'; readFileSync(${JSON.stringify(join(folder, 'demo/boundary.key'))}); export default { ${honest}, ${valid} }`,
      'PROVIDER_CRASHED',
    ],
  ])('that %s changes no core verdict and has its code', async (name, source, code) => {
    const root = join(folder, name.replaceAll(' ', '-'));
    install(root, SNAPSHOT, 'npm', source());
    trustFile(root, 'hostile.json', SNAPSHOT);
    const args = ['--providers', 'hostile.json', '--project', root];
    const diagnosed = await verify('attached.json', DISCOVERY, ...args);
    expect([diagnosed.verify_verdict, resultsOf(diagnosed)?.[0]]).toEqual(['PASS', code]);
    const enforced = await verify('attached.json', ENFORCEMENT, ...args);
    expect([enforced.verify_verdict, enforced.governance_enforcement?.core_verdict]).toEqual(['FAIL', 'PASS']);
    expect(JSON.stringify([diagnosed, enforced])).not.toContain('SECRET');
    expect(existsSync(marker())).toBe(false);
    // One byte other than what was hashed, and nothing of it runs.
    writeFileSync(join(root, 'node_modules', SNAPSHOT, 'dist/index.js'), `${source()}\n`);
    expect(resultsOf(await verify('attached.json', DISCOVERY, ...args))?.[0]).toBe('PROVIDER_UNTRUSTED');
  });
});

describe('bundle attach', () => {
  test.each<[string, readonly string[], number, string]>([
    [
      'a second time',
      ['attached.json', '--key', 'demo/boundary.key', '--artifact', 'a.v1=receipt.json'],
      2,
      'BOUNDARY_ARTIFACTS_PRESENT',
    ],
    [
      'with the key of somebody else',
      ['demo/proof-bundle.json', '--key', 'other.key', '--artifact', 'a.v1=receipt.json'],
      2,
      'BOUNDARY_SIGNER_FOREIGN',
    ],
    [
      'without a version',
      ['demo/proof-bundle.json', '--key', 'demo/boundary.key', '--artifact', 'receipt.json'],
      2,
      'CLI_ARTIFACT_MALFORMED',
    ],
    [
      'a list',
      ['demo/proof-bundle.json', '--key', 'demo/boundary.key', '--artifact', 'a.v1=list.json'],
      2,
      'CLI_ARTIFACT_MALFORMED',
    ],
    [
      'under a malformed version',
      ['demo/proof-bundle.json', '--key', 'demo/boundary.key', '--artifact', 'a.1=receipt.json'],
      2,
      'GOVERNANCE_MANIFEST_MALFORMED',
    ],
    [
      'the same twice',
      [
        'demo/proof-bundle.json',
        '--key',
        'demo/boundary.key',
        '--artifact',
        'a.v1=receipt.json',
        '--artifact',
        'a.v1=receipt.json',
      ],
      2,
      'GOVERNANCE_MANIFEST_MALFORMED',
    ],
  ])('refuses %s', async (_what, args, exitCode, code) => {
    writeFileSync(join(folder, 'list.json'), '[]');
    if (!existsSync(join(folder, 'other.key'))) {
      await run(['keys', 'generate', '--name', 'demo.exoarmur.example/demo', '--out', 'other.key']);
    }
    expect(await run(['bundle', 'attach', ...args, '--out', 'refused.json'])).toMatchObject({
      exitCode,
      err: expect.stringContaining(code),
    });
    expect(existsSync(join(folder, 'refused.json'))).toBe(false);
  });

  test('leaves an existing file alone and signs nothing that does not verify', async () => {
    expect(await attach('attached.json', '--artifact', 'a.v1=receipt.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CLI_OUTPUT_EXISTS'),
    });
    const text = readFileSync(join(folder, 'demo/proof-bundle.json'), 'utf8');
    writeFileSync(join(folder, 'altered.json'), encodeUtf8(text.replace('free some space', 'free some spice')));
    const args = [
      'altered.json',
      '--key',
      'demo/boundary.key',
      '--artifact',
      'a.v1=receipt.json',
      '--out',
      'refused.json',
    ];
    expect(await run(['bundle', 'attach', ...args])).toMatchObject({ exitCode: 1 });
    expect(existsSync(join(folder, 'refused.json'))).toBe(false);
  });
});
