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
  /** By the median time of one call. */
  readonly perSecond: number;
  readonly ratio: number;
  /** Microseconds of one call. */
  readonly p50Us: number;
  readonly p99Us: number;
}

const HELP = `usage: npm run bench -- [NAME...] [--seconds N] [--json]

Measures the groups of bench/NAME.bench.ts (all when none is named). Every ratio compares rates of one run on one machine;
above 1 is faster than the baseline of its group. p50 and p99 are times of one call.

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
  const tasks = Object.keys(group.tasks);
  const latencies = new Map(tasks.map((task) => [task, { p50: [] as number[], p99: [] as number[] }]));
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({ time: timeMs / rounds, warmupTime: round === 0 ? 200 : 20 });
    for (const [task, run] of Object.entries(group.tasks)) bench.add(task, run);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (result.state !== 'completed') throw new Error(`task ${name} did not complete`);
      latencies.get(name)?.p50.push(result.latency.p50);
      latencies.get(name)?.p99.push(result.latency.p99);
    }
  }
  const microseconds = (task: string, percentile: 'p50' | 'p99') => {
    const sorted = (latencies.get(task)?.[percentile] ?? []).sort((a, b) => a - b);
    return (sorted[Math.floor(rounds / 2)] ?? Number.NaN) * 1000;
  };
  const base = microseconds(group.baseline, 'p50');
  return tasks.map((task) => {
    const [p50Us, p99Us] = [microseconds(task, 'p50'), microseconds(task, 'p99')];
    return { task, perSecond: 1_000_000 / p50Us, ratio: base / p50Us, p50Us, p99Us };
  });
}

function formatTable(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ task }) => task.length));
  const lines = rows.map(({ task, perSecond, ratio, p50Us, p99Us }) => {
    const rate = Math.round(perSecond).toLocaleString('en').padStart(12);
    const latency = `p50 ${formatTime(p50Us).padStart(9)}  p99 ${formatTime(p99Us).padStart(9)}`;
    return `  ${task.padEnd(width)} ${rate}/s  ${ratio.toFixed(2).padStart(5)}x  ${latency}`;
  });
  return `${title}\n${lines.join('\n')}\n\n`;
}

function formatTime(us: number): string {
  return us < 1000 ? `${us.toFixed(us < 10 ? 2 : 0)} us` : `${(us / 1000).toFixed(2)} ms`;
}
