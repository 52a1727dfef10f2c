import { describe, expect, test } from 'vitest';
import { LOAD_THREAD } from '../src/benchmark/determinism-load.ts';
import { registerBenchmark } from '../src/commands/benchmark.ts';
import type { CommandEntry } from '../src/commands.ts';
import { createProgram } from '../src/program.ts';
import { createTerminal } from '../src/terminal.ts';

/** Runs the command as the command line does, over threads of another module. */
async function benchmark(thread: URL, args: readonly string[]) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
  let exitCode: number | undefined;
  const entry: CommandEntry = {
    name: 'benchmark',
    summary: 'benchmark',
    load: async () => ({ register: (command, context) => registerBenchmark(command, context, thread) }),
  };
  const context = {
    terminal: createTerminal(stream('out'), stream('err'), {}),
    cwd: '.',
    finish: (code: number) => {
      exitCode = code;
    },
  };
  const program = await createProgram([entry], context, () => true);
  await program.parseAsync(['benchmark', '--determinism-load', ...args], { from: 'user' });
  return { ...written, exitCode };
}

const beside = (name: string) => new URL(name, import.meta.url);

describe('benchmark --determinism-load', () => {
  test('finds the same bytes in several processes and threads', async () => {
    const run = await benchmark(LOAD_THREAD, ['--runs', '8', '--concurrency', '500', '--json']);
    expect(JSON.parse(run.out)).toMatchObject({
      concurrency: 500,
      executions: 8,
      unique_hashes: 1,
      status: 'PASS',
      // All at one time: there is concurrency for each.
      peak_under_way: 8,
      processes: 2,
      threads: 4,
      failures: 0,
    });
    expect(run.exitCode).toBe(0);
  }, 120_000);

  test('fails when the clock of the actions goes on', async () => {
    const run = await benchmark(beside('drifting-thread.ts'), [
      '--runs',
      '8',
      '--concurrency',
      '2',
      '--processes',
      '1',
    ]);
    expect(run.out).toMatch(
      /^DETERMINISM\n-----------\nConcurrency: 2\nExecutions: 8\nUnique Hashes: [2-8]\nSTATUS: FAIL\n$/,
    );
    expect(run.exitCode).toBe(1);
  }, 120_000);

  test('fails when a thread ends without an answer', async () => {
    const run = await benchmark(beside('dying-thread.ts'), ['--runs', '2', '--concurrency', '1']);
    expect(run.out).toContain('Executions: 0\nUnique Hashes: 0\nSTATUS: FAIL\n');
    expect(run.err).toMatch(/^error CLI_BENCHMARK_INCOMPLETE: process ended with 1: RangeError.*: planted\n$/);
    expect(run.exitCode).toBe(1);
  }, 120_000);
});
