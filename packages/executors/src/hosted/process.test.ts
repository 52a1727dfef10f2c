import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@exoarmur/contracts';
import { probeMechanisms } from '@exoarmur/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProcess } from '../../test/hosted-executors.ts';
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

const run = async (rule: CommandRule, options: Partial<ProcessExecutorOptions> = {}, more: JsonObject = {}) =>
  (await openProcess({ rules: [rule], ...options })).run(intentTo(rule, more));

describe('the process executor in a process of its own', () => {
  it('runs a command with the environment of its rule and nothing of Node’s', async () => {
    const text =
      'process.stdin.on("data", (all) => console.log(JSON.stringify([String(all), process.cwd(), process.env])))';
    const rule = ruleOf(text, { takesInput: true, env: { LANG: 'C' } });
    const host = await openProcess({ rules: [rule] });
    const { namespaces } = await probeMechanisms();
    expect(host.hosting).toMatchObject({ children: 'allowed', ...(namespaces ? {} : { children_unrestricted: true }) });
    const intent = intentTo(rule, { input: 'hello' });
    expect(await host.checkTarget(intent)).toMatchObject({ result: 'valid', evidence: { binary: NODE } });
    expect(await host.preview?.(intent)).toMatchObject({ body: expect.stringContaining(`in ${folder}`) });
    const { status, claimed } = await host.run(intent);
    expect([status, JSON.parse(claimed.stdout as string)]).toEqual(['succeeded', ['hello', folder, { LANG: 'C' }]]);
  });

  it('sees no other process than those that were started with it, where a table of its own can be mounted', async () => {
    const { processTable } = await probeMechanisms();
    if (process.platform !== 'linux') return;
    const text = `require("node:child_process").spawnSync("umount", ["/proc"], { env: { PATH: "/usr/bin:/bin" } });
      console.log(require("node:fs").readdirSync("/proc").includes("${process.pid}"))`;
    const { claimed } = await run(ruleOf(text));
    // Taking the table away again is no way to see them either.
    expect(claimed.stdout).toBe(processTable ? 'false\n' : 'true\n');
  });

  it('has a network only when its commands are said to use one, where a namespace can close it', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const text = `fetch("http://127.0.0.1:${server.port}/").then((r) => r.text()).then(console.log, () => process.exit(7))`;
    const { networkNamespace } = await probeMechanisms();
    const [closed, used] = await Promise.all([run(ruleOf(text)), run(ruleOf(text), { usesNetwork: true })]);
    expect(closed.observed).toMatchObject({ exit_code: networkNamespace ? 7 : 0 });
    expect(used).toMatchObject({ status: 'succeeded', claimed: { stdout: 'hello\n' } });
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

  it('refuses a binary whose path would be read as a variable', () => {
    const binary = join(folder, 'a=b');
    writeFileSync(binary, '');
    const rules = [ruleOf('0'), { binary, arguments: [], cwd: folder }];
    expect(() => describeProcessExecutor({ rules })).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID', pointer: '/rules/1/binary' }),
    );
  });

  it('refuses what the executor refuses', () => {
    expect(() => describeProcessExecutor({ rules: [] })).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
    );
  });
});
