import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const intentOf = (args: readonly unknown[], more: JsonObject = {}, target = NODE): ActionIntent => ({
  schema: 'exoarmur.intent/1',
  intent_id: 'intent-1',
  correlation_id: 'session-1',
  trace_id: null,
  tenant_id: 'demo',
  cell_id: 'cell',
  actor_id: 'agent-1',
  actor_type: 'agent',
  action_type: 'process.run',
  action_class: 'A2_hard_containment',
  target,
  parameters: { arguments: args as string[], ...more },
  safety_context: {},
  reason: 'test',
  idempotency_key: null,
  timestamp: '2024-01-01T12:00:00.000Z',
});

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
  const intent = intentOf([...(rule.arguments as string[]), ...rest], more);
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
    const report = await executor.execute(intentOf([], {}, plain), { signal: new AbortController().signal });
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_NOT_STARTED' });
    const aborted = executor.execute(intentOf([], {}, plain), { signal: AbortSignal.abort() });
    expect(await aborted).toMatchObject({ success: false, error_code: 'EXECUTOR_ABORTED' });
  });

  it('stops what runs too long or writes too much, with what it started, and leaves open what it did', async () => {
    const child = `require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => require('node:fs').writeFileSync('late', ''), 400)"], { stdio: "ignore" });`;
    await expect(run(ruleOf(`${child} setInterval(() => {}, 1000)`), { timeoutMs: 200 })).rejects.toThrow(
      'was stopped',
    );
    await expect(
      run(ruleOf('for (;;) process.stdout.write("x".repeat(65536))'), { maxOutputBytes: 1000 }),
    ).rejects.toThrow('was stopped');
    await expect(run(ruleOf('process.kill(process.pid, "SIGSEGV")'))).rejects.toThrow('was stopped');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(existsSync(join(folder, 'late'))).toBe(false);
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
    expect(await executor.execute(intentOf([], {}, tool), { signal })).toMatchObject({
      claimed: { stdout: 'first\n' },
    });
    writeFileSync(tool, `#!${NODE}\nconsole.log("second")\n`);
    expect(await executor.execute(intentOf([], {}, tool), { signal })).toMatchObject({
      success: false,
      error_code: 'EXECUTOR_BINARY_CHANGED',
    });
    rmSync(tool);
    symlinkSync(NODE, tool);
    const check = await executor.validateTarget(intentOf([], {}, tool));
    expect(check.evidence).toEqual({ code: 'EXECUTOR_BINARY_CHANGED' });
  });

  it('shows a person the command', async () => {
    const executor = createProcessExecutor({ rules: [ruleOf('1', { takesInput: true })] });
    expect(await executor.preview?.(intentOf(['-e', '1'], { input: 'abc' }))).toEqual({
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
    ['too many', Array.from({ length: 257 }, () => 'x'), {}, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['input that is not taken', ['-e', '1'], { input: 'x' }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['an unknown parameter', ['-e', '1'], { shell: true }, 'EXECUTOR_PARAMETERS_MALFORMED'],
  ])('refuses %s', async (_, args, more, code) => {
    const executor = createProcessExecutor({ rules: [ruleOf('1')] });
    expect((await executor.validateTarget(intentOf(args, more))).evidence).toEqual({ code });
    const report = await executor.execute(intentOf(args, more), { signal: new AbortController().signal });
    expect(report).toMatchObject({ success: false, error_code: code });
  });

  it('refuses another binary, action and too much input', async () => {
    const executor = createProcessExecutor({ rules: [ruleOf('1', { takesInput: true })] });
    const codeOf = async (intent: ActionIntent) => (await executor.validateTarget(intent)).evidence.code;
    expect(await codeOf(intentOf(['-e', '1'], {}, '/bin/true'))).toBe('EXECUTOR_TARGET_NOT_ALLOWED');
    expect(await codeOf({ ...intentOf(['-e', '1']), action_type: 'file.read' })).toBe('EXECUTOR_ACTION_UNSUPPORTED');
    const large = { input: 'x'.repeat(1_048_577) };
    expect(await codeOf(intentOf(['-e', '1'], large))).toBe('EXECUTOR_TARGET_TOO_LARGE');
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
