import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const workerOf = (name: string) => fileURLToPath(new URL(`${name}-worker.ts`, import.meta.url));

/** Starts a worker process; `lines` is everything it has said so far, complete lines only. */
export const startWorker = (...args: readonly string[]): Worker => startNamed('append', args);

/** The same for the worker that carries actions out. */
export const startEffectWorker = (...args: readonly string[]): Worker => startNamed('effect', args);

interface Worker {
  readonly child: ChildProcess;
  readonly lines: () => string[];
  readonly ended: Promise<void>;
}

const startNamed = (name: string, args: readonly string[]): Worker => {
  const child = spawn(process.execPath, ['--conditions=@exoarmur/source', workerOf(name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    errors += String(chunk);
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    if (code !== 0 && signal === null) throw new Error(`worker failed: ${errors}`);
  });
  return { child, lines: () => output.split('\n').slice(0, -1), ended };
};
