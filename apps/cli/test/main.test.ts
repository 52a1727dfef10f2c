import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

/** Runs the command with a standard output whose reader is gone before anything is written. */
function runUnread(...args: readonly string[]): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const flags = ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((settle, fail) => {
    child.on('error', fail).on('close', (exitCode) => settle({ exitCode, stderr }));
  });
}

test.each([
  ['a yes', ['--help'], 0],
  ['a no', ['verify-bundle', '--bundle', MAIN], 1],
])('%s stays one when nobody reads it', async (_answer, args, exitCode) => {
  expect(await runUnread(...args)).toEqual({ exitCode, stderr: '' });
});
