import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

test('an older Node is told what is needed, in one line, before anything is imported that it lacks', () => {
  const { engines } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
  };
  const run = (version: string) => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
    const flags = ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning'];
    const isOld = ['--import', `data:text/javascript,${encodeURIComponent(old)}`];
    const { status, stderr } = spawnSync(process.execPath, [...flags, ...isOld, MAIN, '--version'], {
      encoding: 'utf8',
    });
    return { status, stderr };
  };
  const [, oldest] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];
  for (const version of ['20.20.2', '22.17.9', '8.0.0']) {
    const stderr = `error CLI_NODE_TOO_OLD: exoarmur needs Node ${oldest} or newer, this is ${version}\n`;
    expect(run(version)).toEqual({ status: 2, stderr });
  }
  for (const version of [`${oldest}.0`, '23.0.0']) expect(run(version)).toEqual({ status: 0, stderr: '' });
});
