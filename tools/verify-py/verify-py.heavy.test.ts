import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { verifyBundle } from '../../packages/replay/src/index.ts';
import {
  allowedSteps,
  approvedSteps,
  buildBundle,
  deniedSteps,
  encodeBundle,
  intentOf,
  json,
  signerOf,
} from '../../packages/replay/test/bundle-fixture.ts';
import { alterLeaf, FORGERIES, type Loose, leavesOf, TAMPERINGS } from '../../packages/replay/test/tampering.ts';

const SCRIPT = fileURLToPath(new URL('verify_bundle.py', import.meta.url));
const TRUST = `log ${signerOf(1).vkey}\nquorum none\n`;
const NAMES = ['structure', 'integrity', 'signer', 'completeness'] as const;

interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly trust?: string;
}

function askPython(cases: readonly Case[]): string[] {
  const task = ({ bytes, trust }: Case) =>
    JSON.stringify({ bundle: Buffer.from(bytes).toString('base64'), trust: trust ?? null });
  const input = `${cases.map(task).join('\n')}\n`;
  const run = spawnSync('python3', [SCRIPT, '--lines'], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  expect(run.stderr).toBe('');
  return run.stdout.trimEnd().split('\n');
}

async function askOurs({ bytes, trust }: Case): Promise<Record<string, string>> {
  const report = await verifyBundle(bytes, trust === undefined ? {} : { trust });
  const statuses = NAMES.map((name) => {
    const status = report.checks.find((check) => check.name === name)?.status ?? '';
    return [name, status === 'passed' || status === 'failed' ? status : 'open'] as const;
  });
  return Object.fromEntries(statuses);
}

async function compare(cases: readonly Case[]): Promise<Set<string>> {
  const answers = askPython(cases);
  expect(answers).toHaveLength(cases.length);
  const seen = new Set<string>();
  for (const [index, one] of cases.entries()) {
    const { checks } = JSON.parse(answers[index] ?? '') as { checks: Record<string, string> };
    expect([one.name, checks]).toEqual([one.name, await askOurs(one)]);
    seen.add(Object.values(checks).join(' '));
  }
  return seen;
}

const HONEST: readonly Case[] = [
  ['denied', buildBundle(deniedSteps())],
  ['allowed', buildBundle(allowedSteps(), { foreignLeaves: 6 })],
  ['approved', buildBundle(approvedSteps(), { artifacts: { a: [1.5, 1e-7, 'é\u2028😀'] } })],
  ['witnessed', buildBundle(deniedSteps(), { witnesses: [signerOf(9, 'w.example/w')] })],
  ['redacted', buildBundle(allowedSteps(), { withhold: ['intent_received', 'execution_completed'] })],
  [
    'numbers',
    buildBundle(
      deniedSteps(intentOf({ parameters: { n: [0.1, 1e-7, 123456.789e3, 5e-324, -2.5e-9, 9007199254740.25] } })),
    ),
  ],
].map(([name, bundle]) => ({ name: name as string, bytes: encodeBundle(bundle) }));

describe('the second verifier', () => {
  it('has at most 400 lines and imports nothing but the standard library', () => {
    const source = readFileSync(SCRIPT, 'utf8');
    expect(source.split('\n').length).toBeLessThanOrEqual(401);
    expect([...source.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name)).toEqual([
      'base64',
      'binascii',
      'hashlib',
      'json',
      'math',
      're',
      'sys',
    ]);
  });

  it('agrees on honest bundles, with and without a key', { timeout: 60_000 }, async () => {
    const other = `log ${signerOf(2).vkey}\nquorum none\n`;
    const cases = HONEST.flatMap((one) => [one, { ...one, trust: TRUST }, { ...one, trust: other }]);
    expect(await compare(cases)).toEqual(
      new Set(['passed passed open passed', 'passed passed passed passed', 'passed passed failed passed']),
    );
  });

  it('agrees on every named kind of tampering', { timeout: 120_000 }, async () => {
    const cases = [...TAMPERINGS, ...FORGERIES].map(({ name, bytes }) => ({ name, bytes: bytes(), trust: TRUST }));
    await compare(cases);
  });

  it('agrees on every altered value of a bundle', { timeout: 120_000 }, async () => {
    const honest = json(buildBundle(allowedSteps(), { foreignLeaves: 2 })) as Loose;
    const cases = [...leavesOf(honest)].map((path) => {
      const altered = json(honest) as Loose;
      alterLeaf(altered, path);
      return { name: path.join('/'), bytes: encodeBundle(altered) };
    });
    await compare(cases);
  });

  it('agrees on flipped bits all over the file', { timeout: 120_000 }, async () => {
    const bytes = (HONEST[0] as Case).bytes;
    const cases = Array.from({ length: 600 }, (_, i) => {
      const bit = (i * 7919) % (bytes.length * 8);
      const flipped = bytes.slice();
      flipped[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      return { name: `bit ${bit}`, bytes: flipped };
    });
    await compare(cases);
  });
});
