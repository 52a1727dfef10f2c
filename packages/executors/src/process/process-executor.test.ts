import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intentOf } from '../../test/intent.ts';
import type { ArgumentPattern } from './argument.ts';
import { matches } from './argument.ts';
import type { CommandRule } from './command.ts';
import { createProcessExecutor, type ProcessExecutorOptions } from './process-executor.ts';

const NODE = realpathSync(process.execPath);
const script = (text: string): readonly ArgumentPattern[] => ['-e', text];

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-process-')));
});
afterAll(() => rmSync(folder, { recursive: true }));

const intentTo = (args: readonly unknown[], more: JsonObject = {}, target = NODE) =>
  intentOf('process.run', target, { arguments: args as string[], ...more });

const ruleOf = (text: string, change: Partial<CommandRule> = {}): CommandRule => ({
  ...{ binary: NODE, arguments: script(text), cwd: folder },
  ...change,
});

const run = (
  rule: CommandRule,
  options: Partial<ProcessExecutorOptions> = {},
  more: JsonObject = {},
  rest: string[] = [],
) => {
  const executor = createProcessExecutor({ rules: [rule], ...options });
  const intent = intentTo([...(rule.arguments as string[]), ...rest], more);
  return executor.execute(intent, { signal: new AbortController().signal });
};

describe('a process executor', () => {
  it('runs a command, and reports what it claims and what it observed', async () => {
    const text = 'process.stdin.pipe(process.stdout); console.error("note")';
    const report = await run(ruleOf(text, { takesInput: true }), {}, { input: 'hello' });
    const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');
    expect(report).toEqual({
      success: true,
      error_code: null,
      claimed: { binary: NODE, arguments: ['-e', text], exit_code: 0, stdout: 'hello', stderr: 'note\n' },
      observed: { exit_code: 0, stdout_sha256: sha256('hello'), stderr_sha256: sha256('note\n') },
    });
  });

  it('hands arguments over as they are: no shell reads them', async () => {
    const rule = ruleOf('console.log(process.argv.slice(1).join("\\n"))', {
      more: { pattern: { text: 'line', maxLength: 100 }, max: 3 },
    });
    const args = ['$(touch x); `id` && true', '*', 'a\'b"c'];
    const { claimed } = await run(rule, {}, {}, args);
    expect(claimed.stdout).toBe(`${args.join('\n')}\n`);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  it('gives it a folder and nothing of its own environment', async () => {
    process.env.EXOARMUR_TEST_SECRET = 'secret';
    const { claimed } = await run(
      ruleOf('console.log(JSON.stringify([process.cwd(), process.env]))', { env: { LANG: 'C' } }),
    );
    delete process.env.EXOARMUR_TEST_SECRET;
    expect(JSON.parse(claimed.stdout as string)).toEqual([folder, { LANG: 'C' }]);
  });

  it('says that a command failed, and that one which was not started did nothing', async () => {
    const failed = await run(ruleOf('process.exit(3)'));
    expect(failed).toMatchObject({ success: false, error_code: 'EXECUTOR_EXIT_STATUS', observed: { exit_code: 3 } });
    const plain = join(folder, 'plain.txt');
    writeFileSync(plain, 'no program', { mode: 0o600 });
    const executor = createProcessExecutor({ rules: [{ binary: plain, arguments: [], cwd: folder }] });
    const report = await executor.execute(intentTo([], {}, plain), { signal: new AbortController().signal });
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_NOT_STARTED' });
    const aborted = executor.execute(intentTo([], {}, plain), { signal: AbortSignal.abort() });
    expect(await aborted).toMatchObject({ success: false, error_code: 'EXECUTOR_ABORTED' });
  });

  /** A command that starts another one in its group, says its number and does `then`. */
  const withChild = (then: string) =>
    `const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
     require("node:fs").writeFileSync("pid", String(pid)); ${then}`;
  /** Whether the process has ended; one that nobody has taken note of yet has ended too. */
  const isGone = () => {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    try {
      process.kill(pid, 0);
      return process.platform === 'linux' && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return true;
    }
  };

  it.each<[string, string, Partial<ProcessExecutorOptions>]>([
    ['runs too long', 'setInterval(() => {}, 1000)', { timeoutMs: 1000 }],
    ['writes too much', 'process.stdout.write("x".repeat(5000), () => process.exit(0))', { maxOutputBytes: 1000 }],
    [
      'writes too much of an error',
      'process.stderr.write("x".repeat(5000), () => process.exit(0))',
      { maxOutputBytes: 1000 },
    ],
    ['ends by a signal', 'process.kill(process.pid, "SIGTERM")', {}],
  ])('leaves open what a command did that %s, and stops what it started', async (_, then, options) => {
    await expect(run(ruleOf(withChild(then)), options)).rejects.toThrow('was stopped');
    await expect.poll(isGone, { timeout: 20_000 }).toBe(true);
  });

  it('stops what a command left running when it ended', async () => {
    expect(await run(ruleOf(withChild('process.exit(0)')))).toMatchObject({ success: true });
    await expect.poll(isGone, { timeout: 20_000 }).toBe(true);
  });

  it('stops a command when it is told to', async () => {
    const executor = createProcessExecutor({
      rules: [ruleOf(withChild('setInterval(() => {}, 1000)'))],
      timeoutMs: 600_000,
    });
    rmSync(join(folder, 'pid'), { force: true });
    const cancel = new AbortController();
    const intent = intentTo(['-e', withChild('setInterval(() => {}, 1000)')]);
    const stopped = expect(executor.execute(intent, { signal: cancel.signal })).rejects.toThrow('was stopped');
    await expect.poll(() => existsSync(join(folder, 'pid')), { timeout: 20_000 }).toBe(true);
    cancel.abort();
    await stopped;
    await expect.poll(isGone, { timeout: 20_000 }).toBe(true);
  });

  it('takes a command for done that did not read its input', async () => {
    const report = await run(ruleOf('process.exit(0)', { takesInput: true }), {}, { input: 'x'.repeat(1_000_000) });
    expect(report).toMatchObject({ success: true });
  });

  it('carries what is no text', async () => {
    const { claimed } = await run(ruleOf('process.stdout.write(Buffer.from([255, 0]))'));
    expect(claimed).toMatchObject({ stdout_base64: '/wA=', stderr: '' });
  });

  it.each(existsSync('/usr/bin/prlimit') ? ['setrlimit'] : [])('has the kernel keep limits by %s', async () => {
    const { claimed } = await run(
      ruleOf('console.log(require("node:fs").readFileSync("/proc/self/limits", "utf8"))', {
        limits: { cpuSeconds: 5, fileBytes: 1000, descriptors: 64 },
      }),
    );
    expect(claimed.stdout).toMatch(/Max cpu time\s+5\s/);
    expect(claimed.stdout).toMatch(/Max file size\s+1000\s/);
    expect(claimed.stdout).toMatch(/Max open files\s+64\s/);
  });

  it('runs no other file than the one that was pinned', async () => {
    const tool = join(folder, 'tool');
    writeFileSync(tool, `#!${NODE}\nconsole.log("first")\n`, { mode: 0o700 });
    const sha256 = createHash('sha256').update(readFileSync(tool)).digest('hex');
    const executor = createProcessExecutor({ rules: [{ binary: tool, sha256, arguments: [], cwd: folder }] });
    const signal = new AbortController().signal;
    expect(await executor.execute(intentTo([], {}, tool), { signal })).toMatchObject({
      claimed: { stdout: 'first\n' },
    });
    writeFileSync(tool, `#!${NODE}\nconsole.log("second")\n`);
    expect(await executor.execute(intentTo([], {}, tool), { signal })).toMatchObject({
      success: false,
      error_code: 'EXECUTOR_BINARY_CHANGED',
    });
    rmSync(tool);
    symlinkSync(NODE, tool);
    const check = await executor.validateTarget(intentTo([], {}, tool));
    expect(check.evidence).toEqual({ code: 'EXECUTOR_BINARY_CHANGED' });
  });

  it('runs no link that was put in the place of a binary, pinned or not', async () => {
    const tool = join(folder, 'unpinned');
    writeFileSync(tool, `#!${NODE}\n`, { mode: 0o700 });
    const executor = createProcessExecutor({ rules: [{ binary: tool, arguments: [], cwd: folder }] });
    rmSync(tool);
    expect((await executor.validateTarget(intentTo([], {}, tool))).evidence).toEqual({
      code: 'EXECUTOR_BINARY_CHANGED',
    });
    symlinkSync(NODE, tool);
    expect((await executor.validateTarget(intentTo([], {}, tool))).evidence).toEqual({
      code: 'EXECUTOR_BINARY_CHANGED',
    });
  });

  it('takes a missing argument for one that is not allowed, whatever its pattern', async () => {
    for (const pattern of [
      'x',
      { oneOf: ['x'] },
      { integer: { min: 0, max: 9 } },
      { text: 'word', maxLength: 9 },
    ] as const) {
      const executor = createProcessExecutor({ rules: [ruleOf('1', { arguments: [pattern] })] });
      expect((await executor.validateTarget(intentTo([]))).evidence).toEqual({
        code: 'EXECUTOR_ARGUMENTS_NOT_ALLOWED',
      });
    }
  });

  it('shows a person the command', async () => {
    const executor = createProcessExecutor({ rules: [ruleOf('1', { takesInput: true })] });
    expect(await executor.preview?.(intentTo(['-e', '1'], { input: 'abc' }))).toEqual({
      media_type: 'text/plain',
      summary: `runs ${NODE} with 2 arguments and 3 bytes of input`,
      body: `${NODE}\n  "-e"\n  "1"\nin ${folder}`,
      is_truncated: false,
    });
  });

  it.each<[string, readonly unknown[], JsonObject, string]>([
    ['other arguments', ['-e', '2'], {}, 'EXECUTOR_ARGUMENTS_NOT_ALLOWED'],
    ['fewer', ['-e'], {}, 'EXECUTOR_ARGUMENTS_NOT_ALLOWED'],
    ['more', ['-e', '1', 'x'], {}, 'EXECUTOR_ARGUMENTS_NOT_ALLOWED'],
    ['no texts', ['-e', 1], {}, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['a text with NUL', ['-e', '1\0'], {}, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['a text with half a character', ['-e', '1\ud800'], {}, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['too many', Array.from({ length: 257 }, () => 'x'), {}, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['input that is not taken', ['-e', '1'], { input: 'x' }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['an unknown parameter', ['-e', '1'], { shell: true }, 'EXECUTOR_PARAMETERS_MALFORMED'],
  ])('refuses %s', async (_, args, more, code) => {
    const executor = createProcessExecutor({ rules: [ruleOf('1')] });
    expect((await executor.validateTarget(intentTo(args, more))).evidence).toEqual({ code });
    const report = await executor.execute(intentTo(args, more), { signal: new AbortController().signal });
    expect(report).toMatchObject({ success: false, error_code: code });
  });

  it('refuses another binary, action and too much input', async () => {
    const executor = createProcessExecutor({ rules: [ruleOf('1', { takesInput: true })] });
    const codeOf = async (intent: ActionIntent) => (await executor.validateTarget(intent)).evidence.code;
    expect(await codeOf(intentTo(['-e', '1'], {}, '/bin/true'))).toBe('EXECUTOR_TARGET_NOT_ALLOWED');
    expect(await codeOf({ ...intentTo(['-e', '1']), action_type: 'file.read' })).toBe('EXECUTOR_ACTION_UNSUPPORTED');
    const large = { input: 'x'.repeat(1_048_577) };
    expect(await codeOf(intentTo(['-e', '1'], large))).toBe('EXECUTOR_TARGET_TOO_LARGE');
  });

  it.each<[string, Partial<CommandRule>]>([
    ['a binary by its name', { binary: 'node' }],
    ['a binary that is not there', { binary: '/nowhere/node' }],
    ['a folder as a binary', { binary: '/usr' }],
    ['a shell', { binary: existsSync('/bin/sh') ? realpathSync('/bin/sh') : '/bin/sh' }],
    ['a digest that is none', { sha256: 'x' }],
    ['a folder that is not there', { cwd: '/nowhere' }],
    ['a pattern that is not sound', { arguments: [{ oneOf: [] }] }],
    ['a text without a bound', { arguments: [{ text: 'word', maxLength: 0 }] }],
    ['too many more', { more: { pattern: 'x', max: 1000 } }],
    ['an environment that loads code', { env: { LD_PRELOAD: '/tmp/x.so' } }],
    ['a limit that is none', { limits: { cpuSeconds: 0 } }],
  ])('is not made with %s', (_, change) => {
    expect(() => createProcessExecutor({ rules: [ruleOf('1', change)] })).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
    );
  });

  it('is not made over a link, without a rule or without bounds', () => {
    const link = join(folder, 'link');
    symlinkSync(NODE, link);
    for (const options of [
      { rules: [ruleOf('1', { binary: link })] },
      { rules: [] },
      { rules: [ruleOf('1')], timeoutMs: 0 },
      { rules: [ruleOf('1')], maxOutputBytes: 2 ** 21 },
    ]) {
      expect(() => createProcessExecutor(options)).toThrow(
        expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
      );
    }
  });
});

describe('a pattern', () => {
  it.each<[ArgumentPattern, readonly string[], readonly string[]]>([
    ['status', ['status'], ['Status', 'status ', '']],
    [{ oneOf: ['a', '--b'] }, ['a', '--b'], ['b', '']],
    [{ integer: { min: -1, max: 10 } }, ['0', '10', '-1'], ['11', '-2', '01', '1.0', '+1', '1e1', ' 1', '']],
    [{ text: 'word', maxLength: 4 }, ['a.b', 'A_1'], ['abcde', '-a', '', 'a b', 'a/b', 'ä']],
    [
      { text: 'path', maxLength: 20 },
      ['a/b', '/a/b.txt', 'a..b'],
      ['../a', 'a/../b', './a', 'a//b', 'a/', '-a/b', '~/a b', 'a\\b'],
    ],
    [{ text: 'line', maxLength: 20 }, ['a b; c', 'ä'], ['-x', '--upload-file=/etc/passwd', 'a\nb', 'a\u202eb', '']],
  ])('%j', (pattern, good, bad) => {
    expect(good.filter((text) => !matches(pattern, text))).toEqual([]);
    expect(bad.filter((text) => matches(pattern, text))).toEqual([]);
  });
});
