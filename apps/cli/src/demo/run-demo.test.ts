import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isConvincing } from '../commands/demo.ts';
import { DEMO_FILES } from './demo-folder.ts';
import { type DemoRun, runDemo } from './run-demo.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-run-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('runDemo', () => {
  test('denies the deletion of a real file and proves it, with the same bytes in every run', async ({ task }) => {
    const run = await runDemo(join(folder, 'one'), false);
    const again = await runDemo(join(folder, 'two'), false);
    task.meta.golden = { 'denied.json': readFileSync(run.bundlePath, 'utf8') };
    expect(run).toMatchObject({
      replayHash: '7eb0f264dd6d6e67925ece66ec2218ac73716ae6bc8a770ef84a8defd28bf47b',
      result: 'DENIED',
      isExecuted: false,
      stream: 'canonical-truth-reconstruction-demo',
      report: { verify_verdict: 'PASS', assurance: 'signed' },
    });
    expect(existsSync(join(folder, 'one', DEMO_FILES.secret))).toBe(true);
    expect(again.bundleDigest).toBe(run.bundleDigest);
    expect(readFileSync(again.bundlePath)).toEqual(readFileSync(run.bundlePath));
  });

  test('carries out the deletion that the policy allows and proves that', async ({ task }) => {
    const run = await runDemo(join(folder, 'out'), true);
    task.meta.golden = { 'allowed.json': readFileSync(run.bundlePath, 'utf8') };
    expect(run).toMatchObject({
      result: 'ALLOWED',
      isExecuted: true,
      report: { verify_verdict: 'PASS', assurance: 'signed', bundle: { outcome: 'succeeded' } },
    });
    expect(existsSync(join(folder, 'out', DEMO_FILES.scratch))).toBe(false);
    expect(existsSync(join(folder, 'out', DEMO_FILES.secret))).toBe(true);
  });

  test('keeps every real path out of the bundle', async () => {
    const { bundlePath } = await runDemo(join(folder, 'out'), true);
    expect(readFileSync(bundlePath, 'utf8')).not.toContain(folder);
  });

  test('trusts no key but the one in the trust file it writes', async () => {
    const { report, trustPath } = await runDemo(join(folder, 'out'), false);
    expect(readFileSync(trustPath, 'utf8')).toBe(`log ${report.bundle.signed_by[0]}\nquorum none\n`);
  });
});

describe('isConvincing', () => {
  const report = { verify_verdict: 'PASS' } as DemoRun['report'];
  const failed = { verify_verdict: 'FAIL' } as DemoRun['report'];

  test.each([
    [{ result: 'DENIED', isExecuted: false, report }, true],
    [{ result: 'ALLOWED', isExecuted: true, report }, true],
    [{ result: 'DENIED', isExecuted: true, report }, false],
    [{ result: 'ALLOWED', isExecuted: false, report }, false],
    [{ result: 'UNDECIDED', isExecuted: false, report }, false],
    [{ result: 'DENIED', isExecuted: false, report: failed }, false],
  ] as const)('of %j is %s', (run, answer) => {
    expect(isConvincing(run)).toBe(answer);
  });
});
