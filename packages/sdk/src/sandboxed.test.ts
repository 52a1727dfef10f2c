import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSandboxedHost, digestCode } from '@exoarmur/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfig, createIntent } from '../test/configs.ts';
import { createBoundary, replayGovernedExecution } from './index.ts';

const ENTRY = fileURLToPath(new URL('../../sandbox/test/hostile/executor.mjs', import.meta.url));
const code = { entry: ENTRY, digest: digestCode({ entry: ENTRY }) };
const manifest = {
  name: 'writer',
  version: '1.0.0',
  action_types: ['note.write'],
  target_kinds: ['note'],
  capabilities: ['fs.read', 'fs.write'],
  action_class_floors: { 'note.write': 'A1_soft_containment' },
} as const;

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-sdk-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = async (deed: string) => {
  const path = join(home, 'note');
  const host = await createSandboxedHost({
    ...{ manifest, code, config: { path, deed }, write: [home], acceptsUnrestrictedNetwork: true },
    targetLimits: { wallClockMs: 20_000 },
    executionLimits: { wallClockMs: deed === 'loop' ? 1500 : 20_000 },
  });
  const boundary = await createBoundary(createConfig({ executors: [{ hosting: 'sandboxed', host }] }));
  const act = (intent_id: string) => boundary.execute(createIntent({ intent_id, action_type: 'note.write' }));
  return { boundary, path, act };
};

describe('a sandboxed executor behind a boundary', () => {
  it('acts, and the bundle says how it was confined', async () => {
    const { boundary, path, act } = await open('write');
    expect(await act('a-1')).toMatchObject({
      status: 'completed',
      outcome: { observed: { text: '/data/report.csv' } },
    });
    expect(readFileSync(path, 'utf8')).toBe('/data/report.csv');
    const bundle = await boundary.bundle('a-1');
    expect(await replayGovernedExecution(bundle)).toMatchObject({ verify_verdict: 'PASS' });
    const text = new TextDecoder().decode(bundle);
    expect(text).toContain('"isolation":"child_process"');
    expect(text).toContain(`"code_digest":"${code.digest}"`);
    await boundary.close();
  });

  it.each([
    ['loop', 'SANDBOX_WALL_CLOCK', 'wall_clock'],
    ['outside', 'SANDBOX_PERMISSION_DENIED', 'permission'],
    ['throw', 'SANDBOX_THREW', undefined],
    ['garbage', 'SANDBOX_ANSWER_MALFORMED', undefined],
  ])('that would %s is stopped and recorded, and the boundary goes on', async (deed, codeOfDeed, limit) => {
    const { boundary, act } = await open(deed);
    for (const id of ['a-1', 'a-2']) {
      const result = await act(id);
      expect(result).toMatchObject({ status: 'ambiguous', code: codeOfDeed });
      const breaches = result.status === 'ambiguous' ? result.outcome?.breaches : undefined;
      expect(breaches?.map((breach) => breach.limit)).toEqual(limit === undefined ? undefined : [limit]);
    }
    expect(await replayGovernedExecution(await boundary.bundle('a-2'))).toMatchObject({ verify_verdict: 'PASS' });
    await boundary.close();
  });

  it('that acts while it is only asked about a target is denied before there is any authority', async () => {
    const { boundary, path, act } = await open('write while validating');
    expect(await act('a-1')).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' });
    expect(existsSync(path)).toBe(false);
    await boundary.close();
  });
});
