import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestInputs, formatGoldens, parseTestReport, REPORTS, runVitest, type TestReport } from '../test-report.ts';
import floors from './floors.json' with { type: 'json' };
import { type Gate, type GateResult, ROOT } from './gate.ts';

/** Says where runs of the same tests differ: a test missing from a run, another outcome, another golden output. */
export function compareRuns(runs: readonly TestReport[]): string[] {
  const findings: string[] = [];
  for (const id of new Set(runs.flatMap((run) => [...run.outcomes.keys()]))) {
    const outcomes = runs.map((run) => run.outcomes.get(id) ?? 'absent');
    if (new Set(outcomes).size > 1) findings.push(`${id}: ${outcomes.join(', ')}`);
  }
  for (const id of new Set(runs.flatMap((run) => [...run.goldens.keys()]))) {
    const digests = runs.map((run) => run.goldens.get(id)?.slice(0, 12) ?? 'absent');
    if (new Set(digests).size > 1) findings.push(`${id}: golden output differs: ${digests.join(', ')}`);
  }
  return findings;
}

/** Surroundings of one shuffled run. */
interface Surroundings {
  readonly seed: number;
  readonly TZ: string;
  readonly LANG: string;
  readonly cwd: string;
}

/** Runs the tests in another order and elsewhere. */
export function runElsewhere(
  { seed, TZ, LANG, cwd }: Surroundings,
  args: readonly string[] = [],
): { report: TestReport; log: string } {
  const folder = mkdtempSync(join(tmpdir(), 'exoarmur-run-'));
  try {
    const output = join(folder, 'report.json');
    const shuffle = ['--sequence.shuffle.files', '--sequence.shuffle.tests', `--sequence.seed=${seed}`];
    // LANG alone: programs that lack the locale stay silent about it, while ICU, which has its own, follows it.
    const { log } = runVitest({
      output,
      args: [...shuffle, ...args],
      env: { TZ, LANG, LC_ALL: undefined, LC_MESSAGES: undefined },
      cwd,
    });
    return { report: parseTestReport(readFileSync(output, 'utf8')), log };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The report of the plain run: the one `npm test` left when nothing changed since, a new one otherwise. */
function plainRun(): TestReport {
  const output = join(REPORTS, 'tests.json');
  const stamp = join(REPORTS, 'tests.inputs');
  const inputs = digestInputs();
  if (!existsSync(stamp) || !existsSync(output) || readFileSync(stamp, 'utf8') !== inputs) {
    rmSync(stamp, { force: true });
    if (runVitest({ output }).status === 0) writeFileSync(stamp, inputs);
  }
  return parseTestReport(readFileSync(output, 'utf8'));
}

/** Three runs in different orders, time zones, languages and working folders give the same outcomes and the same bytes. */
export const stabilityGate: Gate = {
  name: 'stability',
  guards: 'three runs, other order, time zone and folder, same outcome and bytes',
  run(): GateResult {
    const first = Math.floor(Math.random() * 1_000_000);
    const surroundings: Surroundings[] = [
      { seed: first, TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', cwd: tmpdir() },
      { seed: first + 1, TZ: 'America/St_Johns', LANG: 'C', cwd: join(ROOT, 'packages') },
    ];
    const elsewhere = surroundings.map((place) => runElsewhere(place));
    const runs = [plainRun(), ...elsewhere.map(({ report }) => report)];
    writeFileSync(
      join(REPORTS, 'stability.json'),
      `${JSON.stringify({ surroundings, tests: runs.map((run) => run.outcomes.size) }, undefined, 2)}\n`,
    );
    const [plain] = runs;
    if (plain !== undefined) writeFileSync(join(REPORTS, 'golden-digests.json'), formatGoldens(plain));
    const tooFew = runs.flatMap((run, index) => [
      ...(run.outcomes.size < floors.tests
        ? [
            `run ${index + 1}: ${run.outcomes.size} tests, at least ${floors.tests} expected`,
            // Such a run broke off, and what it said last is all that tells why.
            ...(elsewhere[index - 1]?.log ?? '').trimEnd().split('\n').slice(-20),
          ]
        : []),
      ...(run.goldens.size < floors.goldens
        ? [`run ${index + 1}: ${run.goldens.size} golden outputs, at least ${floors.goldens} expected`]
        : []),
    ]);
    const failed = [...(plain?.outcomes ?? [])]
      .filter(([, outcome]) => outcome === 'failed')
      .map(([id]) => `${id}: failed`);
    return {
      examined: plain?.outcomes.size ?? 0,
      unit: 'tests in each of 3 runs',
      findings: [...tooFew, ...failed, ...compareRuns(runs)],
    };
  },
};
