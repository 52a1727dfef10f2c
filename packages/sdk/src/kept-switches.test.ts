import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditError } from '@exoarmur/audit/writer';
import { createMemorySwitchCommandStore, createOperatorRegistry } from '@exoarmur/boundary-v2';
import { createSigner, formatTime } from '@exoarmur/canonical';
import type { SwitchCommand } from '@exoarmur/contracts';
import { SWITCH_ROLES, signSwitchCommand } from '@exoarmur/policy';
import { openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLEAR_FACTS, createConfig, createIntent, createTestClock } from '../test/configs.ts';
import { type Boundary, createBoundary } from './index.ts';
import { openSwitches } from './kept-switches.ts';

const ANN = createSigner('ann.test', new Uint8Array(32).fill(90));
const operators = [{ operatorId: 'ann', vkey: ANN.vkey, roles: Object.values(SWITCH_ROLES), isRevoked: false }];
const BOB = createSigner('bob.test', new Uint8Array(32).fill(91));
const BOTH = [
  ...operators,
  { operatorId: 'bob', vkey: BOB.vkey, roles: Object.values(SWITCH_ROLES), isRevoked: false },
];
const order = (sequence: number, state: SwitchCommand['state'], signers = [ANN]) =>
  signSwitchCommand(
    {
      ...{ schema: 'exoarmur.switch-command/1', tenant: 'demo', cell: 'demo', switch: 'global', subject: null },
      ...{ sequence, state, reason: 'incident', issued_by: 'ann', issued_at: formatTime(0) },
    } as SwitchCommand,
    signers,
  );

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-sdk-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('openSwitches', () => {
  const SCOPE = { tenant: 'demo', actor: 'agent-1', actionClass: 'A1_soft_containment' };
  const UNKNOWN = { global: 'unknown', tenant: 'unknown', actor: 'unknown', action_class: 'unknown' };

  async function openOver(list: () => Promise<readonly never[]>) {
    const clock = createTestClock();
    const commands = { ...createMemorySwitchCommandStore(), list };
    const log = { collect: () => Promise.reject(new AuditError('AUDIT_STREAM_NOT_FOUND', 'none')) };
    const kept = { tenant: 'demo', cell: 'demo', commands, operators: createOperatorRegistry(operators) };
    const switches = await openSwitches(undefined, kept, { clock, log, clearThreshold: 1 });
    return { clock, read: () => switches.read(SCOPE) };
  }

  it('lives on no answer of the store that is older than the question', async () => {
    let isGone = false;
    const { clock, read } = await openOver(async () => {
      if (isGone) throw new Error('gone');
      return [];
    });
    expect((await read()).global).toBe('clear');
    isGone = true;
    clock.nowMs += 1;
    expect(await read()).toEqual(UNKNOWN);
  });

  it('waits a second for the store, and no longer', async () => {
    const { read } = await openOver(() => new Promise(() => undefined));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const reading = read();
      await vi.advanceTimersByTimeAsync(1000);
      expect(await reading).toEqual(UNKNOWN);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('switches of a boundary', () => {
  it('stop it over a restart, and in every process that shares the store, until they are cleared', async () => {
    const { switches: _, ...facts } = CLEAR_FACTS;
    const config = createConfig({ store: { path: join(home, 'a.db') }, facts, operators });
    const first = await createBoundary(config);
    const other = await createBoundary(config);
    expect((await other.execute(createIntent({ intent_id: 'intent-1' }))).status).toBe('completed');
    await first.obeySwitchCommand(order(1, 'engaged'));
    await first.close();
    const stopped = await other.execute(createIntent({ intent_id: 'intent-2' }));
    expect(stopped).toMatchObject({ status: 'denied', decision: { safety: { rule_ids: ['SG-101'] } } });
    await other.close();
    const next = await createBoundary(config);
    expect((await next.execute(createIntent({ intent_id: 'intent-3' }))).status).toBe('denied');
    await expect(next.obeySwitchCommand(order(1, 'clear'))).rejects.toMatchObject({ code: 'BOUNDARY_SWITCH_REPLAYED' });
    await next.obeySwitchCommand(order(2, 'clear'));
    expect((await next.execute(createIntent({ intent_id: 'intent-4' }))).status).toBe('completed');
    await next.close();
  });

  it('are cleared by as many operators as it takes, whoever took their command in', async () => {
    const store = { path: join(home, 'a.db') };
    const strict = await createBoundary(createConfig({ store, operators: BOTH, switchClearThreshold: 2 }));
    const lax = await createBoundary(createConfig({ store, operators: BOTH }));
    const isStopped = async (boundary: Boundary, intent_id: string) =>
      (await boundary.decide(createIntent({ intent_id })))?.facts.switches.global === 'engaged';
    await strict.obeySwitchCommand(order(1, 'engaged'));
    await expect(strict.obeySwitchCommand(order(2, 'clear'))).rejects.toMatchObject({
      code: 'BOUNDARY_SWITCH_THRESHOLD_UNMET',
    });
    // Nobody is two by signing twice, and one command of another boundary is none here.
    await expect(strict.obeySwitchCommand(order(2, 'clear', [ANN, ANN]))).rejects.toMatchObject({
      code: 'BOUNDARY_SWITCH_THRESHOLD_UNMET',
    });
    await lax.obeySwitchCommand(order(2, 'clear'));
    expect([await isStopped(strict, 'a'), await isStopped(lax, 'b')]).toEqual([true, false]);
    expect(await isStopped(strict, 'c')).toBe(true);
    await strict.obeySwitchCommand(order(3, 'clear', [ANN, BOB]));
    expect(await isStopped(strict, 'd')).toBe(false);
    await Promise.all([strict.close(), lax.close()]);
  });

  it('need as many to be cleared whatever the environment says', async () => {
    const variables = { EXOARMUR_SWITCH_CLEAR_THRESHOLD: '1', SWITCH_CLEAR_THRESHOLD: '1' };
    await using boundary = await createBoundary(createConfig({ operators, switchClearThreshold: 2, variables }));
    await boundary.obeySwitchCommand(order(1, 'engaged'));
    await expect(boundary.obeySwitchCommand(order(2, 'clear'))).rejects.toMatchObject({
      code: 'BOUNDARY_SWITCH_THRESHOLD_UNMET',
    });
  });

  it('count beside what the configuration names: either stops', async () => {
    const engaged = {
      ...(await CLEAR_FACTS.switches.read({ tenant: '', actor: '', actionClass: '' })),
      tenant: 'engaged',
    };
    const facts = { ...CLEAR_FACTS, switches: { read: async () => engaged as never } };
    const boundary = await createBoundary(createConfig({ facts, operators }));
    expect(await boundary.execute(createIntent())).toMatchObject({ decision: { safety: { rule_ids: ['SG-102'] } } });
    await boundary.close();
  });

  it('stop everything when a command was deleted that the log has', async () => {
    const path = join(home, 'a.db');
    const config = createConfig({ store: { path }, operators });
    const first = await createBoundary(config);
    await first.obeySwitchCommand(order(1, 'engaged'));
    await first.close();
    const store = openSqliteLogStore({ path });
    store.database.exec('DELETE FROM switch_commands');
    await store.close();
    const boundary = await createBoundary(config);
    expect((await boundary.execute(createIntent())).decision?.facts.switches.actor).toBe('unknown');
    await boundary.close();
  });

  it('stop everything when the store holds what nobody signed', async () => {
    const path = join(home, 'a.db');
    const boundary = await createBoundary(createConfig({ store: { path }, operators }));
    const store = openSqliteLogStore({ path });
    store.database.exec("INSERT INTO switch_commands VALUES ('demo', 'demo', 1, '{}', 1)");
    await store.close();
    const { decision } = await boundary.execute(createIntent());
    expect(decision?.facts.switches).toEqual({
      global: 'unknown',
      tenant: 'unknown',
      actor: 'unknown',
      action_class: 'unknown',
    });
    expect(decision?.verdict).toBe('deny');
    await boundary.close();
  });
});
