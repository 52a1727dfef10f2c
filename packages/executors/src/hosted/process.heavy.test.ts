import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@exoarmur/contracts';
import { probeMechanisms } from '@exoarmur/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostDescribed, openProcess } from '../../test/hosted-executors.ts';
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

  it('is stopped for the memory of what it started', async () => {
    const { memoryWatch } = await probeMechanisms();
    if (!memoryWatch) return;
    const rule = ruleOf('const held = Buffer.alloc(300_000_000, 1); setInterval(() => held.length, 1000)');
    const described = describeProcessExecutor({ rules: [rule] });
    const host = await hostDescribed(described, { memoryBytes: 268_435_456 });
    expect(await host.run(intentTo(rule))).toMatchObject({ status: 'ambiguous', errorCode: 'SANDBOX_MEMORY' });
  });
});
