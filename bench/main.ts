import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';

/** Tasks that do the same work, one of them the baseline of the ratios. */
export interface Group {
  readonly name: string;
  readonly baseline: string;
  readonly tasks: Readonly<Record<string, () => unknown>>;
}

interface Row {
  readonly task: string;
  readonly perSecond: number;
  readonly ratio: number;
}

const HELP = `usage: npm run bench -- [NAME...] [--seconds N] [--json]

Measures the groups of bench/NAME.bench.ts (all when none is named). Every ratio compares rates of one run on one machine;
above 1 is faster than the baseline of its group.

  --seconds N   time for each task (default 1)
  --json        one JSON object instead of tables
`;

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const suites = listSuites();
  const wanted = positionals.length === 0 ? suites : positionals;
  const unknown = wanted.find((name) => !suites.includes(name));
  const seconds = Number(values.seconds);
  if (unknown !== undefined || !(seconds > 0)) {
    process.stderr.write(
      `bench: ${unknown === undefined ? '--seconds must be positive' : `no suite ${unknown}`}\n\n${HELP}`,
    );
    return 2;
  }
  const report: Record<string, Record<string, Row[]>> = {};
  for (const name of wanted) {
    const { groups } = (await import(`./${name}.bench.ts`)) as { readonly groups: readonly Group[] };
    const measured: Record<string, Row[]> = {};
    report[name] = measured;
    for (const group of groups) {
      measured[group.name] = await measure(group, seconds * 1000);
      if (!values.json) process.stdout.write(formatTable(group.name, measured[group.name] ?? []));
    }
  }
  const machine = `node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} processors`;
  process.stdout.write(values.json ? `${JSON.stringify({ machine, report }, null, 2)}\n` : `${machine}\n`);
  return 0;
}

function listSuites(): string[] {
  return readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length))
    .sort();
}

/** Rounds go task by task several times, so that a slow moment of the machine does not hit one task alone. */
async function measure(group: Group, timeMs: number): Promise<Row[]> {
  const rounds = 5;
  const rates = new Map<string, number[]>(Object.keys(group.tasks).map((task) => [task, []]));
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({ time: timeMs / rounds, warmupTime: round === 0 ? 200 : 20 });
    for (const [task, run] of Object.entries(group.tasks)) bench.add(task, run);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (result.state !== 'completed') throw new Error(`task ${name} did not complete`);
      rates.get(name)?.push(1000 / result.latency.p50);
    }
  }
  const median = (task: string) => (rates.get(task) ?? []).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
  const base = median(group.baseline);
  return [...rates.keys()].map((task) => ({ task, perSecond: median(task), ratio: median(task) / base }));
}

function formatTable(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ task }) => task.length));
  const lines = rows.map(({ task, perSecond, ratio }) => {
    const rate = Math.round(perSecond).toLocaleString('en').padStart(12);
    return `  ${task.padEnd(width)} ${rate}/s  ${ratio.toFixed(2).padStart(5)}x`;
  });
  return `${title}\n${lines.join('\n')}\n\n`;
}
