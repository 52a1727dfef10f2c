import type { Command } from 'commander';
import {
  type DeterminismResult,
  formatDeterminism,
  LOAD_THREAD,
  measureDeterminism,
} from '../benchmark/determinism-load.ts';
import { formatMeasurements, measureSuite } from '../benchmark/suite.ts';
import type { CommandContext } from '../commands.ts';
import { countBetween } from '../count.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { writeError } from '../report-error.ts';
import { printable } from '../terminal.ts';

interface Options {
  readonly determinismLoad?: true;
  readonly suite?: true;
  readonly runs: number;
  readonly concurrency: number;
  readonly processes: number;
  readonly threads: number;
  readonly seconds: number;
  readonly json?: true;
}

export function register(command: Command, context: CommandContext): void {
  registerBenchmark(command, context, LOAD_THREAD);
}

/** The command over threads of a module. */
export function registerBenchmark(command: Command, context: CommandContext, thread: URL): void {
  command
    .option('--determinism-load', 'carry out one governed action many times at once and compare the whole bundles')
    .option('--suite', 'measure what this machine reaches and print the table')
    .option('--runs <n>', 'load: actions to carry out', countBetween(1, 1_000_000), 100)
    .option('--concurrency <n>', 'load: most actions under way at one time', countBetween(1, 100_000), 100)
    .option('--processes <n>', 'load: processes to spread over', countBetween(1, 64), 2)
    .option('--threads <n>', 'load: threads of each process', countBetween(1, 64), 2)
    .option('--seconds <n>', 'suite: time for each row', countBetween(1, 3600), 1)
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      if ((options.determinismLoad === true) === (options.suite === true)) {
        throw new CliError('CLI_USAGE', 'say what to measure: --determinism-load or --suite');
      }
      if (options.suite === true) {
        const measured = await measureSuite(options.seconds * 1000);
        context.terminal.out(options.json === true ? formatJson(measured) : formatMeasurements(measured));
        return;
      }
      const { runs, concurrency, processes, threads } = options;
      const result = await measureDeterminism({ runs, concurrency }, { processes, threads, thread });
      for (const failure of result.failures) {
        writeError(context.terminal, 'CLI_BENCHMARK_INCOMPLETE', printable(failure.replace(/\s+/g, ' ')));
      }
      context.terminal.out(options.json === true ? formatJson(toJson(result)) : formatDeterminism(result));
      context.finish(result.status === 'PASS' ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['benchmark --determinism-load --runs 100 --concurrency 500', 'the same bytes, however many at one time'],
    ['benchmark --suite --seconds 2', 'how fast is this machine'],
  ]);
}

function toJson(result: DeterminismResult): unknown {
  const { concurrency, executions, digests, peak, processes, threads, failures, status } = result;
  return {
    schema: 'exoarmur.determinism-load/1',
    concurrency,
    executions,
    unique_hashes: digests.size,
    status,
    digests: Object.fromEntries([...digests].sort(([a], [b]) => (a < b ? -1 : 1))),
    peak_under_way: peak,
    processes,
    threads,
    failures: failures.length,
  };
}
