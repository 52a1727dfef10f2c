import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, runCommand } from './gates/gate.ts';

/** What one run of the tests came to. */
export interface TestReport {
  /** Test id (file and full name) to its outcome. */
  readonly outcomes: ReadonlyMap<string, string>;
  /** `test id :: output name` to the SHA-256 of the golden output, in hex. */
  readonly goldens: ReadonlyMap<string, string>;
  readonly passed: number;
  /** Failed tests, and files that failed before any of their tests ran. */
  readonly failed: number;
}

interface JsonAssertion {
  readonly fullName: string;
  readonly status: string;
  readonly meta?: { readonly golden?: Readonly<Record<string, string>> };
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly JsonAssertion[];
  }[];
}

/** Reads the JSON report of vitest. File names become relative to `root`, so that reports of two machines compare. */
export function parseTestReport(text: string, root: string = ROOT): TestReport {
  const outcomes = new Map<string, string>();
  const goldens = new Map<string, string>();
  let brokenFiles = 0;
  for (const file of (JSON.parse(text) as JsonReport).testResults) {
    const path = relative(root, file.name).replaceAll('\\', '/');
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      brokenFiles += 1;
      outcomes.set(path, 'failed');
    }
    const seen = new Map<string, number>();
    for (const { fullName, status, meta } of file.assertionResults) {
      const count = (seen.get(fullName) ?? 0) + 1;
      seen.set(fullName, count);
      const id = `${path} > ${fullName}${count === 1 ? '' : ` #${count}`}`;
      outcomes.set(id, status);
      for (const [name, output] of Object.entries(meta?.golden ?? {})) {
        goldens.set(`${id} :: ${name}`, createHash('sha256').update(output).digest('hex'));
      }
    }
  }
  const statuses = [...outcomes.values()];
  const failed = statuses.filter((status) => status === 'failed').length;
  return {
    outcomes,
    goldens,
    passed: statuses.filter((status) => status === 'passed').length,
    failed: Math.max(failed, brokenFiles),
  };
}

/** The golden digests of a run as the only bytes for them: sorted, one per line. */
export function formatGoldens(report: TestReport): string {
  return `${JSON.stringify(Object.fromEntries([...report.goldens].sort(([a], [b]) => (a < b ? -1 : 1))), undefined, 2)}\n`;
}

/** Digest of every file that can change a test's outcome; equal digests mean a report is still fresh. */
export function digestInputs(root: string = ROOT): string {
  const listed = runCommand('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const hash = createHash('sha256');
  const paths = listed.stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  for (const path of [...new Set(paths)].sort())
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

/** Folder of reports, ignored by git. */
export const REPORTS = join(ROOT, 'reports');

/** Options of {@link runVitest}. */
export interface VitestRun {
  /** File the JSON report goes to. */
  readonly output: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** True to show the usual output of vitest. */
  readonly isVerbose?: boolean;
}

/** Runs vitest once and returns its exit code and what it printed when not verbose. */
export function runVitest({ output, args = [], env = {}, cwd = ROOT, isVerbose = false }: VitestRun): {
  status: number;
  log: string;
} {
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(output, '{"testResults":[]}');
  const reporters = [...(isVerbose ? ['--reporter=default'] : []), '--reporter=json', `--outputFile.json=${output}`];
  const result = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', ROOT, ...reporters, ...args],
    {
      cwd,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', isVerbose ? 'inherit' : 'pipe', isVerbose ? 'inherit' : 'pipe'],
    },
  );
  const end = result.error?.message ?? (result.signal === null ? '' : `ended by ${result.signal}`);
  return { status: result.status ?? -1, log: `${result.stdout ?? ''}${result.stderr ?? ''}${end}` };
}
