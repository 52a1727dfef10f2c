import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatIntentSchema } from '@exoarmur/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfig, createIntent } from '../test/configs.ts';
import { type BoundaryConfig, configOf, createBoundary, readBoundaryFile, replayGovernedExecution } from './index.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-sdk-')));
  mkdirSync(join(home, 'data'));
  writeFileSync(join(home, 'data/note.txt'), 'a note');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const FILE = {
  ...{ schema: 'exoarmur.boundary-file/1', tenant: 'demo', cell: 'demo', key_file: 'a.key', store: { path: 'a.db' } },
  ...{ policy: { file: 'policies.json' }, flags: { sandbox_required: true } },
  executors: [
    {
      ...{ kind: 'filesystem', hosting: 'sandboxed', accepts_unrestricted_network: true, prepared: 1 },
      roots: [{ logical: '/data', real: 'data', operations: ['read', 'delete'] }],
    },
  ],
  facts: {
    ...{ switches: { global: 'clear', tenant: 'clear' }, trust_milli: { 'agent-1': 900 } },
    environment: {
      ...{ degraded: false, cell_load_milli: 100, network_health_milli: 1000, resource_availability_milli: 1000 },
    },
  },
};

/** What a boundary file says about executors, in a boundary that is kept in memory. */
function readExecutors(): BoundaryConfig {
  const path = join(home, 'boundary.json');
  writeFileSync(path, JSON.stringify(FILE));
  const { executors, flags } = configOf(readBoundaryFile(path), path);
  const set = {
    ...{ schema: 'exoarmur.policy-set/1', language: 'cedar', cedar_schema: formatIntentSchema(['read', 'delete']) },
    policies: { 'permit-data': 'permit(principal, action, resource in Directory::"/data");' },
  } as const;
  return createConfig({ executors, flags, policy: { set } } as Partial<BoundaryConfig>);
}

/** Command lines of processes that may reach a folder; none where they cannot be seen. */
function startedFrom(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8')];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(`=${folder}`));
}

describe('a shipped executor in a process of its own', () => {
  it('acts for a boundary file that says so, and the bundle says how it was confined', async () => {
    const boundary = await createBoundary(readExecutors());
    if (process.platform === 'linux') expect(startedFrom(home).length).toBeGreaterThan(0);
    const act = (action_type: string, target: string) =>
      boundary.execute(
        createIntent({ intent_id: `${action_type}-1`, action_type, target, action_class: 'A3_irreversible' }),
      );
    expect(await act('read', '/data/note.txt')).toMatchObject({
      ...{ status: 'completed', outcome: { claimed: { content: 'a note' } } },
    });
    expect(await act('delete', '/data/note.txt')).toMatchObject({
      status: 'completed',
      outcome: { observed: { exists: false } },
    });
    expect(existsSync(join(home, 'data/note.txt'))).toBe(false);
    const bundle = await boundary.bundle('delete-1');
    expect(await replayGovernedExecution(bundle)).toMatchObject({ verify_verdict: 'PASS' });
    const text = new TextDecoder().decode(bundle);
    expect(text).toContain('"isolation":"child_process"');
    expect(text).toContain('"observing":["file.read","read"]');
    expect(text).toContain('"prepared":1');
    expect(text).not.toContain(home);
    await boundary.close();
    // Nothing that was started ahead is left, with its folder.
    await expect.poll(() => startedFrom(home), { timeout: 20_000 }).toEqual([]);
  });

  it.each<[string, object]>([
    ['without an executor and without a host', {}],
    [
      'with both',
      { executor: { code: {}, manifest: {} }, host: { checkTarget() {}, run() {}, isolation: 'child_process' } },
    ],
    [
      'with limits for a host that is made already',
      { host: { checkTarget() {}, run() {}, isolation: 'child_process' }, executionLimits: {} },
    ],
    ['with something that describes no executor', { executor: {} }],
  ])('is not started %s', async (_, members) => {
    const executors = [{ hosting: 'sandboxed', ...members }] as unknown as BoundaryConfig['executors'];
    await expect(createBoundary(createConfig({ executors } as Partial<BoundaryConfig>))).rejects.toMatchObject({
      code: 'SDK_CONFIG_INVALID',
      pointer: expect.stringMatching(/^\/executors\/0/),
    });
  });

  it('is not started with a limit that is none', async () => {
    const config = readExecutors();
    const [entry] = config.executors ?? [];
    const executors = [{ ...entry, executionLimits: { wallClockMs: 0 } }] as BoundaryConfig['executors'];
    await expect(createBoundary({ ...config, executors } as BoundaryConfig)).rejects.toMatchObject({
      code: 'SANDBOX_CONFIG_INVALID',
    });
    // Nor is anything left that was started ahead for it.
    expect(startedFrom(home)).toEqual([]);
  });
});
