import { createHash } from 'node:crypto';
import {
  cpSync,
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
import { canonicalizeToBytes, createSigner, digestValue, parseJson, signEnvelope } from '@exoarmur/canonical';
import { type VerificationReport, verificationReportSchema } from '@exoarmur/contracts';
import { expect } from 'vitest';
import { runDemo } from '../src/demo/run-demo.ts';
import { runProgram } from '../src/program.ts';
import { createTerminal } from '../src/terminal.ts';

const PACKAGES = fileURLToPath(new URL('../../../packages', import.meta.url));
const toolKey = createSigner('tool.example/filesystem', new Uint8Array(32).fill(7));

export const DISCOVERY = { EXOARMUR_FLAG_GOVERNANCE_ARTIFACTS_ENABLED: 'true' };
export const ENFORCEMENT = { ...DISCOVERY, EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED: 'true' };
export const SNAPSHOT = '@exoarmur/provider-policy-snapshot';
export const PROOF = '@exoarmur/provider-tool-invocation-proof';

export const resultsOf = (report: VerificationReport) =>
  report.governance_artifacts?.semantic_verification.results.map(({ code }) => code);

/** A folder in which an operator verifies: the demo with its bundle, a receipt of its tool, policies, and two installed providers. */
export class GovernanceDesk {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-governance-')));

  /** Makes what every test starts from. */
  async open(): Promise<void> {
    await runDemo(this.path('demo'), true);
    const payloadType = 'application/vnd.exoarmur.tool-receipt.v1+json';
    const payload = canonicalizeToBytes({ schema: 'exoarmur.tool-receipt/1', tool: 'filesystem', ...this.#subject() });
    this.write('receipt.json', signEnvelope({ payloadType, payload, signers: [toolKey] }));
    this.write('other-policies.json', {
      ...{ schema: 'exoarmur.policy-set/1', language: 'cedar', policies: {}, cedar_schema: '' },
    });
    this.write('policy.json', { schema: 'exoarmur.governance-policy/1', required_types: ['policy_snapshot'] });
    for (const name of [SNAPSHOT, PROOF]) this.install(this.folder, name);
    this.trust(this.folder, 'one.json', SNAPSHOT);
    this.trust(this.folder, 'both.json', SNAPSHOT, PROOF);
  }

  /** Removes everything. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  write(file: string, value: unknown): void {
    writeFileSync(this.path(file), JSON.stringify(value));
  }

  async run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const written = { out: '', err: '' };
    const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
    const terminal = createTerminal(stream('out'), stream('err'), {});
    return { exitCode: await runProgram(args, { terminal, cwd: this.folder, environment }), ...written };
  }

  async verify(bundle: string, environment: Readonly<Record<string, string>>, ...args: string[]) {
    const asked = ['verify-bundle', '--bundle', bundle, '--json', ...args];
    const { out, exitCode, err } = await this.run(asked, environment);
    expect(err).toBe('');
    const report = verificationReportSchema.parse(JSON.parse(out));
    expect(exitCode).toBe(report.verify_verdict === 'PASS' ? 0 : 1);
    return report;
  }

  attach(out: string, ...artifacts: string[]) {
    const command = ['bundle', 'attach', 'demo/proof-bundle.json', '--key', 'demo/boundary.key', '--out', out];
    return this.run([...command, ...artifacts]);
  }

  /** Installs a provider package of the workspace, or one with `source` in its place. */
  install(root: string, name: string, layout: 'npm' | 'pnpm' = 'npm', source?: string): void {
    const origin = join(PACKAGES, name.replace('@exoarmur/', ''));
    const isStrict = layout === 'pnpm';
    const store = join(root, isStrict ? 'node_modules/.pnpm/p/node_modules' : 'node_modules', name);
    mkdirSync(join(store, 'dist'), { recursive: true });
    cpSync(join(origin, 'package.json'), join(store, 'package.json'));
    const text = source ?? stripTypeScriptTypes(readFileSync(join(origin, 'src/index.ts'), 'utf8'));
    writeFileSync(join(store, 'dist/index.js'), text);
    if (!isStrict) return;
    const link = join(root, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(store, link, 'junction');
  }

  /** Writes a trust file for the packages as they lie below a root. */
  trust(root: string, file: string, ...names: string[]): void {
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
    this.write(file, { schema: 'exoarmur.provider-trust/1', providers });
  }

  #subject() {
    const { payloads, records, statement } = parseJson(readFileSync(this.path('demo/proof-bundle.json'))) as never as {
      payloads: Record<string, { value: object }>;
      records: { kind: string; payload: { digest: string } }[];
      statement: { payload: string };
    };
    const { subject } = JSON.parse(Buffer.from(statement.payload, 'base64').toString()) as {
      subject: [{ digest: { sha256: string } }];
    };
    const completed = records.find(({ kind }) => kind === 'execution_completed');
    const outcome_digest = digestValue('exoarmur.outcome/1', payloads[completed?.payload.digest ?? '']?.value);
    return { intent_digest: `sha256:${subject[0].digest.sha256}`, outcome_digest };
  }
}
