import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalize, formatSigningKey } from '@exoarmur/canonical';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_POLICY_SET } from '../src/demo/policy.ts';
import { FIXED_SOURCES } from '../src/demo/prove-action.ts';
import { DEMO } from '../src/demo/scenario.ts';
import { ALLOWED, createGovernedLog } from './governed-log.ts';
import { runInProcess } from './in-process.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-export-'));
  await createGovernedLog(join(folder, 'log.db'), [ALLOWED]);
  writeFileSync(join(folder, 'policies.json'), canonicalize(DEMO_POLICY_SET));
  const seed = FIXED_SOURCES.random('key').bytes(32);
  writeFileSync(join(folder, 'cell.key'), `${formatSigningKey({ name: DEMO.origin, seed })}\n`, { mode: 0o600 });
  await runInProcess(folder, 'keys', 'generate', '--name', 'other.example/demo', '--out', 'other.key');
});
afterAll(() => rmSync(folder, { recursive: true }));

const args = (out: string) => [
  'action-1',
  '--db',
  'log.db',
  '--key',
  'cell.key',
  '--policy',
  'policies.json',
  '--out',
  out,
];
const verify = async (file: string, ...more: readonly string[]) => {
  const { out } = await runInProcess(folder, 'verify-bundle', '--bundle', file, '--json', ...more);
  return JSON.parse(out);
};

describe('bundle export', () => {
  it('gives the bundle of an action of the log, which passes', async () => {
    const { out, err } = await runInProcess(folder, 'bundle', 'export', ...args('whole.json'));
    expect(err).toBe('');
    expect(out).toMatch(/^whole\.json: 6 records, 6 payloads\nBundle digest: sha256:[0-9a-f]{64}\n$/);
    expect(await verify('whole.json')).toMatchObject({ verify_verdict: 'PASS' });
    const again = await runInProcess(folder, 'bundle', 'export', ...args('again.json'), '--json');
    expect(JSON.parse(again.out)).toMatchObject({ records: 6, disclosed: 6 });
    expect(readFileSync(join(folder, 'again.json'))).toEqual(readFileSync(join(folder, 'whole.json')));
    expect(await runInProcess(folder, 'bundle', 'export', ...args('again.json'))).toMatchObject({
      err: expect.stringContaining('error CLI_OUTPUT_EXISTS'),
      exitCode: 2,
    });
  });

  it.each([
    [['--withhold', 'intent_received'], 5],
    [['--withhold', '0', '--withhold', 'verdict_resolved'], 4],
    [['--disclose', 'stream_closed'], 1],
  ])('keeps what is told with %j, and nothing claims what it cannot show', async (choice, payloads) => {
    const file = `part-${payloads}.json`;
    const { out } = await runInProcess(folder, 'bundle', 'export', ...args(file), ...choice);
    expect(out).toContain(`6 records, ${payloads} payloads`);
    const bundle = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    expect(Object.keys(bundle.payloads)).toHaveLength(payloads);
    const report = await verify(file);
    expect(report.verify_verdict).toBe('FAIL');
    const statuses = Object.fromEntries(
      report.checks.map((check: { name: string; status: string }) => [check.name, check.status]),
    );
    expect(statuses).toMatchObject({
      structure: 'passed',
      integrity: 'passed',
      completeness: 'passed',
      decision: 'unverifiable',
    });
    expect(await verify(file, '--require', 'structure,integrity,completeness')).toMatchObject({
      verify_verdict: 'PASS',
    });
  });

  it('refuses what is no record, no stream, and both ways at once', async () => {
    const wrong = await runInProcess(folder, 'bundle', 'export', ...args('x.json'), '--withhold', 'everything');
    expect(wrong).toMatchObject({
      err: expect.stringContaining('`everything` is neither a kind of record'),
      exitCode: 2,
    });
    const both = await runInProcess(
      folder,
      'bundle',
      'export',
      ...args('x.json'),
      '--withhold',
      '0',
      '--disclose',
      '1',
    );
    expect(both).toMatchObject({ err: expect.stringContaining('cannot be used with'), exitCode: 2 });
    const none = await runInProcess(folder, 'bundle', 'export', 'nobody', ...args('x.json').slice(1));
    expect(none).toMatchObject({ err: expect.stringContaining('error AUDIT_STREAM_NOT_FOUND'), exitCode: 2 });
  });

  it.each([
    [
      'the key of somebody else',
      'cell.key',
      'other.key',
      'CLI_KEY_FOREIGN: the log is `[^`]+`, the key is `other.example/demo`',
    ],
    ['another key of the same name', 'cell.key', 'twin.key', 'CLI_COPY_UNSOUND: the bundle would not verify, '],
    [
      'policies of another day',
      'policies.json',
      'other.json',
      'CLI_POLICY_FOREIGN: the action was decided under sha256:',
    ],
  ])('writes nothing with %s, which could not be verified', async (_, right, wrong, message) => {
    const policies = { ...DEMO_POLICY_SET, policies: { all: 'permit(principal, action, resource);' } };
    writeFileSync(join(folder, 'other.json'), canonicalize(policies));
    await runInProcess(folder, 'keys', 'generate', '--name', DEMO.origin, '--out', 'twin.key');
    const foreign = args('foreign.json').map((value) => (value === right ? wrong : value));
    const refused = { out: '', err: expect.stringMatching(`^error ${message}`), exitCode: 2 };
    expect(await runInProcess(folder, 'bundle', 'export', ...foreign)).toEqual(refused);
    expect(existsSync(join(folder, 'foreign.json'))).toBe(false);
  });
});
