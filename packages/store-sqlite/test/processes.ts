import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('append-worker.ts', import.meta.url));

/** Starts a worker process; `lines` is everything it has said so far, complete lines only. */
export const startWorker = (
  ...args: readonly string[]
): { child: ChildProcess; lines: () => string[]; ended: Promise<void> } => {
  const child = spawn(process.execPath, ['--conditions=@exoarmur/source', WORKER, ...args], {
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
