import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runUnder } from './in-process.ts';
import { matchesOutput, parseScript, type ScriptStep } from './script.ts';
import { FILE_COMMANDS } from './script-files.ts';

const PACKAGE = resolve(fileURLToPath(import.meta.url), '../..');
const SCRIPTS = join(PACKAGE, 'scripts');
const MAIN = join(PACKAGE, 'src', 'main.ts');

/** Scripts whose every command is a process of its own. The others call the same program in this one, which takes a tenth. */
const IN_PROCESSES: ReadonlySet<string> = new Set(['usage.txt', 'keys.txt', 'health.txt']);

interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** Runs the command from its sources, as a process of its own, in a folder. */
function runExoarmur(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Promise<Output> {
  const flags = ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning'];
  // Nothing of the environment of the tests reaches the command but what a process needs to start.
  const kept = ['PATH', 'SYSTEMROOT', 'TEMP', 'TMP', 'TMPDIR'].map((name) => [name, process.env[name]] as const);
  const child = spawn(process.execPath, [...flags, MAIN, ...args], {
    cwd,
    env: { ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)), NODE_COMPILE_CACHE: cache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((settle, fail) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail).on('close', (exitCode) => settle({ stdout, stderr, exitCode }));
  });
}

async function runStep(step: ScriptStep, folder: string, isOwnProcess: boolean): Promise<Output> {
  const [name = '', ...args] = step.words;
  if (name === 'exoarmur' && isOwnProcess) return runExoarmur(args, step.env, folder);
  if (name === 'exoarmur') {
    const { out, err, exitCode } = await runUnder(step.env, folder, args);
    return { stdout: out, stderr: err, exitCode };
  }
  const command = FILE_COMMANDS.get(name);
  if (command === undefined) throw new SyntaxError(`line ${step.line}: no command ${name}`);
  return { stdout: command(folder, args), stderr: '', exitCode: 0 };
}

let folder = '';
/** Compiled sources, shared by the processes of this file: the command starts twice as fast. */
let cache = '';

beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'exoarmur-cache-'));
});

afterAll(() => {
  rmSync(cache, { recursive: true, force: true });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-script-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('scripts', () => {
  for (const name of readdirSync(SCRIPTS).filter((file) => file.endsWith('.txt'))) {
    test(`${name} goes as written`, async () => {
      const { files, steps } = parseScript(readFileSync(join(SCRIPTS, name), 'utf8'));
      expect(steps.length).toBeGreaterThan(0);
      for (const [path, text] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      for (const step of steps) {
        const output = await runStep(step, folder, IN_PROCESSES.has(name));
        const place = `${name}:${step.line}: ${step.words.join(' ')}`;
        if (step.redirect !== null) writeFileSync(join(folder, step.redirect), output.stdout);
        const compared = step.redirect === null ? output.stdout : '';
        if (!matchesOutput(step.stdout, compared)) expect.soft(compared, place).toBe(`${step.stdout.join('\n')}\n`);
        if (!matchesOutput(step.stderr, output.stderr)) {
          expect.soft(output.stderr, place).toBe(`${step.stderr.join('\n')}\n`);
        }
        expect(output.exitCode, `${place}\n${output.stderr}`).toBe(step.exitCode);
      }
    }, 180_000);
  }
});
