import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@exoarmur/contracts';
import { createSandboxedHost, digestCode, probeMechanisms } from '@exoarmur/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../test/http-servers.ts';
import { intentOf } from '../../test/intent.ts';
import type { CommandRule } from '../process/command.ts';
import type { ProcessExecutorOptions } from '../process/process-executor.ts';
import { describeProcessExecutor } from './describe-process.ts';

const NODE = realpathSync(process.execPath);

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-hosted-')));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ruleOf = (text: string, change: Partial<CommandRule> = {}): CommandRule => ({
  ...{ binary: NODE, arguments: ['-e', text], cwd: folder },
  ...change,
});
const intentTo = ({ arguments: args }: CommandRule, more: JsonObject = {}) =>
  intentOf('process.run', NODE, { arguments: args as string[], ...more });

const open = async (rule: CommandRule, options: Partial<ProcessExecutorOptions> = {}) => {
  const described = describeProcessExecutor({ rules: [rule], timeoutMs: 60_000, ...options });
  const code = { ...described.code, digest: digestCode(described.code) };
  return createSandboxedHost({
    ...{ ...described, code, targetLimits: { wallClockMs: 30_000 } },
    ...{ acceptsUnrestrictedNetwork: true, acceptsUnrestrictedChildren: true },
  });
};
const run = async (rule: CommandRule, options: Partial<ProcessExecutorOptions> = {}, more: JsonObject = {}) =>
  (await open(rule, options)).run(intentTo(rule, more));

describe('the process executor in a process of its own', () => {
  it('runs a command with the environment of its rule and nothing of Node’s', async () => {
    const text =
      'process.stdin.on("data", (all) => console.log(JSON.stringify([String(all), process.cwd(), process.env])))';
    const rule = ruleOf(text, { takesInput: true, env: { LANG: 'C' } });
    const host = await open(rule);
    const { namespaces } = await probeMechanisms();
    expect(host.hosting).toMatchObject({ children: 'allowed', ...(namespaces ? {} : { children_unrestricted: true }) });
    const intent = intentTo(rule, { input: 'hello' });
    expect(await host.checkTarget(intent)).toMatchObject({ result: 'valid', evidence: { binary: NODE } });
    expect(await host.preview?.(intent)).toMatchObject({ body: expect.stringContaining(`in ${folder}`) });
    const { status, claimed } = await host.run(intent);
    expect([status, JSON.parse(claimed.stdout as string)]).toEqual(['succeeded', ['hello', folder, { LANG: 'C' }]]);
  });

  it('says that a command failed, and keeps the limits of its rule', async () => {
    expect(await run(ruleOf('process.exit(3)'))).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_EXIT_STATUS' });
    const text = 'require("node:fs").writeFileSync("big", Buffer.alloc(100_000)); console.log("written")';
    const { resourceLimits } = await probeMechanisms();
    if (!resourceLimits) return;
    const limited = await run(ruleOf(text, { limits: { fileBytes: 1000 } }));
    expect(limited.status).not.toBe('succeeded');
    expect(readFileSync(join(folder, 'big')).length).toBe(1000);
  });

  it('lets nothing of a command go on: neither after its time nor after its end', async () => {
    const start = (then: string) =>
      `const { pid } = require("node:child_process").spawn(process.execPath, ["-e",
         "setInterval(() => require('node:fs').appendFileSync('beat', '.'), 10)"], { stdio: "ignore", detached: true });
       ${then}`;
    const { namespaces } = await probeMechanisms();
    const beat = () => {
      try {
        return readFileSync(join(folder, 'beat'), 'utf8').length;
      } catch {
        return 0;
      }
    };
    const waiting = start('setInterval(() => {}, 1000)');
    expect(await run(ruleOf(waiting), { timeoutMs: 1500 })).toMatchObject({
      status: 'ambiguous',
      errorCode: 'SANDBOX_THREW',
    });
    const leaving = start(
      `setInterval(() => { try { if (require("node:fs").statSync("beat").size > ${beat()}) process.exit(0); } catch {} }, 10)`,
    );
    expect(await run(ruleOf(leaving))).toMatchObject({ status: 'succeeded' });
    if (!namespaces) return;
    // A group of its own helps it nowhere: what lives in the namespace ends with it.
    const size = beat();
    expect(size).toBeGreaterThan(0);
    await run(ruleOf('0'));
    expect(beat()).toBe(size);
  });

  it('has a network only when its commands are said to use one, where a namespace can close it', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const text = `fetch("http://127.0.0.1:${server.port}/").then((r) => r.text()).then(console.log, () => process.exit(7))`;
    const { networkNamespace } = await probeMechanisms();
    const [closed, used] = await Promise.all([run(ruleOf(text)), run(ruleOf(text), { usesNetwork: true })]);
    expect(closed.observed).toMatchObject({ exit_code: networkNamespace ? 7 : 0 });
    expect(used).toMatchObject({ status: 'succeeded', claimed: { stdout: 'hello\n' } });
  });

  it('is stopped for the memory of what it started', async () => {
    const { memoryWatch } = await probeMechanisms();
    if (!memoryWatch) return;
    const rule = ruleOf('const held = Buffer.alloc(300_000_000, 1); setInterval(() => held.length, 1000)');
    const described = describeProcessExecutor({ rules: [rule] });
    const host = await createSandboxedHost({
      ...{ ...described, code: { ...described.code, digest: digestCode(described.code) } },
      ...{ acceptsUnrestrictedNetwork: true, acceptsUnrestrictedChildren: true },
      executionLimits: { wallClockMs: 60_000, memoryBytes: 268_435_456 },
    });
    expect(await host.run(intentTo(rule))).toMatchObject({ status: 'ambiguous', errorCode: 'SANDBOX_MEMORY' });
  });
});

describe('the description of a process executor', () => {
  it('grants its binaries and folders to be looked at, programs to be started, and a network only when told', () => {
    const rules = [ruleOf('0')];
    expect(describeProcessExecutor({ rules })).toMatchObject({ read: [NODE, folder], write: [], children: 'allowed' });
    expect(describeProcessExecutor({ rules })).not.toHaveProperty('network');
    const described = describeProcessExecutor({ rules, usesNetwork: true });
    expect([described.network, described.manifest.capabilities]).toEqual(['allowed', ['net', `process.run:${NODE}`]]);
  });

  it('refuses what the executor refuses', () => {
    expect(() => describeProcessExecutor({ rules: [] })).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
    );
  });
});
