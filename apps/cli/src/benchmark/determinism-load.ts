import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type LoadFindings, type LoadShare, mergeFindings, planLoad } from './load-plan.ts';
import type { LoadOrder } from './load-process.ts';

/** Modules beside this one, in the sources and in what they are compiled to. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const PROCESS_MODULE = new URL(`./load-process${EXTENSION}`, import.meta.url);

/** The module whose threads carry the load with fixed sources. */
export const LOAD_THREAD = new URL(`./load-thread${EXTENSION}`, import.meta.url);

/** How the load is spread. */
export interface LoadSpread {
  readonly processes: number;
  /** In each process. */
  readonly threads: number;
  /** Module of the threads. */
  readonly thread: URL;
}

/** What a load showed. */
export interface DeterminismResult {
  readonly concurrency: number;
  /** Actions that gave a bundle. */
  readonly executions: number;
  readonly digests: ReadonlyMap<string, number>;
  /** Most actions under way at one time, over all threads. */
  readonly peak: number;
  readonly processes: number;
  readonly threads: number;
  readonly failures: readonly string[];
  /** Every action gave a bundle, all bundles are the same bytes, and they verify. */
  readonly status: 'PASS' | 'FAIL';
}

/** Carries out the same governed action `runs` times in several processes and threads, and compares the whole bundles. */
export async function measureDeterminism(load: LoadShare, spread: LoadSpread): Promise<DeterminismResult> {
  const plan = planLoad(load, spread.processes, spread.threads);
  const started = plan.map((shares) => startProcess({ shares, thread: spread.thread.href }));
  await Promise.allSettled(started.map(({ ready }) => ready));
  const { digests, peak, failures } = mergeFindings(await Promise.all(started.map(({ go }) => go())));
  const executions = [...digests.values()].reduce((sum, count) => sum + count, 0);
  const isSame = digests.size === 1 && executions === load.runs && failures.length === 0;
  return {
    concurrency: load.concurrency,
    executions,
    digests,
    peak,
    processes: plan.length,
    threads: plan.reduce((sum, shares) => sum + shares.length, 0),
    failures,
    status: isSame ? 'PASS' : 'FAIL',
  };
}

/** The ancestor's output block, line for line. */
export function formatDeterminism(result: DeterminismResult): string {
  return [
    'DETERMINISM',
    '-----------',
    `Concurrency: ${result.concurrency}`,
    `Executions: ${result.executions}`,
    `Unique Hashes: ${result.digests.size}`,
    `STATUS: ${result.status}`,
    '',
  ].join('\n');
}

/** A process that answers nothing before it ends has found a failure. */
function startProcess(order: LoadOrder): { readonly ready: Promise<unknown>; go(): Promise<LoadFindings> } {
  const child = fork(fileURLToPath(PROCESS_MODULE), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  const ended = endOf(child, () => errors);
  child.send(order);
  const ready = Promise.race([once(child, 'message'), ended]);
  return {
    ready,
    async go() {
      try {
        await ready;
        const answer = once(child, 'message') as Promise<[LoadFindings]>;
        child.send('go');
        return (await Promise.race([answer, ended]))[0];
      } catch (error) {
        return { digests: new Map(), peak: 0, failures: [error instanceof Error ? error.message : String(error)] };
      }
    },
  };
}

async function endOf(child: ChildProcess, errors: () => string): Promise<never> {
  const [code] = await once(child, 'close');
  const lastLine = /^\w*Error.*$/m.exec(errors())?.[0] ?? 'no message';
  throw new Error(`process ended with ${String(code)}: ${lastLine}`);
}
