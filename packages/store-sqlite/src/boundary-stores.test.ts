import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  approvalInboxConformance,
  conductStoreConformance,
  grantStoreConformance,
  limitStoreConformance,
  operatorStoreConformance,
  policyActivationStoreConformance,
  standingGrantStoreConformance,
  switchCommandStoreConformance,
} from '@exoarmur/boundary-v2/testing';
import type { OpenRequest, Operator } from '@exoarmur/contracts';
import { describe, expect, it, vi } from 'vitest';
import { SIGNER, useFolder } from '../test/logs.ts';
import { startWorker } from '../test/processes.ts';
import {
  backupLog,
  createSqliteApprovalInbox,
  createSqliteConductStore,
  createSqliteGrantStore,
  createSqliteLimitStore,
  createSqliteOperatorStore,
  createSqlitePolicyActivationStore,
  createSqliteStandingGrantStore,
  createSqliteSwitchCommandStore,
  openSqliteLogStore,
} from './index.ts';
import { TenantConnection } from './tenant-connection.ts';

const folder = useFolder();
const path = () => join(folder(), 'log.db');
const open = (file = path()) => openSqliteLogStore({ path: file, busyTimeoutMs: 50 });
const digestOf = (n: number): `sha256:${string}` => `sha256:${n.toString(16).padStart(64, '0')}`;
const claim = (n: number) => ({
  grantDigest: digestOf(n),
  intentDigest: digestOf(n + 500),
  purpose: 'redeem' as const,
});
const ALICE: Operator = { operatorId: 'alice', vkey: SIGNER.vkey, roles: ['admin'], isRevoked: false };
const standing = { standingGrantDigest: digestOf(1), envelope: { payload: 'e30=' } };

const WAITING: OpenRequest = {
  stream: 'action-1',
  correlation: 'session-1',
  requestedAt: '2024-01-01T12:00:00.000Z',
  request: {
    schema: 'exoarmur.approval-request/1',
    intent_digest: digestOf(3),
    decision_digest: digestOf(4),
    policy_digest: digestOf(5),
    requirement: { kind: 'human', quorum: 1, roles: ['admin'], ttl_seconds: 60 },
    expires_at: '2024-01-01T12:01:00.000Z',
  },
};

describe('in one file with the log', () => {
  it.each(grantStoreConformance)('grants: $rule', ({ run }) => run(async () => createSqliteGrantStore(open(), 'demo')));
  it.each(standingGrantStoreConformance)('standing grants: $rule', ({ run }) =>
    run(async () => createSqliteStandingGrantStore(open(), 'demo')),
  );
  it.each(limitStoreConformance)('limits: $rule', ({ run }) => run(async () => createSqliteLimitStore(open(), 'demo')));
  it.each(conductStoreConformance)('conduct: $rule', ({ run }) =>
    run(async () => createSqliteConductStore(open(), 'demo')),
  );
  it.each(operatorStoreConformance)('operators: $rule', ({ run }) =>
    run(async () => createSqliteOperatorStore(open(), 'demo')),
  );
  it.each(approvalInboxConformance)('inbox: $rule', ({ run }) =>
    run(async () => createSqliteApprovalInbox(open(), 'demo')),
  );
  it.each(policyActivationStoreConformance)('policy activations: $rule', ({ run }) =>
    run(async () => createSqlitePolicyActivationStore(open(), 'demo', 'cell-1')),
  );
  it.each(switchCommandStoreConformance)('switch commands: $rule', ({ run }) =>
    run(async () => createSqliteSwitchCommandStore(open(), 'demo', 'cell-1')),
  );

  it('keeps the tenants apart, and takes no name that is none', async () => {
    const store = open();
    expect(await createSqliteGrantStore(store, 'demo').claim(claim(1))).toEqual({ outcome: 'claimed' });
    expect(await createSqliteGrantStore(store, 'other').claim(claim(1))).toEqual({ outcome: 'claimed' });
    await createSqliteOperatorStore(store, 'demo').add(ALICE);
    expect(await createSqliteOperatorStore(store, 'other').list()).toEqual([]);
    expect(await createSqliteOperatorStore(store, 'other').revoke('alice')).toBe(0);
    const bundle = { generation: 1, envelope: {}, override: null, activatedAt: '' };
    const command = { sequence: 1, envelope: {}, isRecorded: true };
    for (const [tenant, cell] of [
      ['demo', 'a'],
      ['demo', 'b'],
      ['other', 'a'],
    ] as const) {
      const activations = createSqlitePolicyActivationStore(store, tenant, cell);
      expect(await activations.append(bundle)).toBe('appended');
      expect(await activations.list({ before: 9, limit: 9 })).toHaveLength(1);
      expect(await activations.findRefusal()).toBeNull();
      await activations.setRefusal({ reason: 'expired', bundleDigest: null, refusedAt: '' });
      const commands = createSqliteSwitchCommandStore(store, tenant, cell);
      expect(await commands.append(command)).toBe('appended');
      expect(await commands.list({ after: 0, limit: 9 })).toHaveLength(1);
    }
    await createSqlitePolicyActivationStore(store, 'demo', 'a').setRefusal(null);
    expect(await createSqlitePolicyActivationStore(store, 'demo', 'b').findRefusal()).not.toBeNull();
    await createSqliteStandingGrantStore(store, 'demo').add(standing);
    const use = { standingGrantDigest: digestOf(1), intentDigest: digestOf(2), maxUses: 1 };
    expect(await createSqliteStandingGrantStore(store, 'other').use(use)).toEqual({ outcome: 'unknown' });
    for (const name of ['..', '*', '>', 'a:b', 'a\0b', 'a'.repeat(300), 'dеmo', '__proto__', '']) {
      for (const create of [createSqliteGrantStore, createSqliteOperatorStore, createSqliteApprovalInbox]) {
        expect(() => create(store, name), name).toThrow(expect.objectContaining({ code: 'STORE_TENANT_INVALID' }));
      }
    }
  });

  it('keeps what was taken and how actions ended for the next process and in a backup, each tenant its own', async () => {
    const store = open();
    const demands = [{ key: 'a', amount: 1, maximum: 1, windowMs: null }];
    const taking = (n: number) => ({ intentDigest: digestOf(n), now: 0, demands });
    const about = { actor: 'a', correlation: 'c', actionType: 't', end: 'denied', day: 1 } as const;
    await createSqliteLimitStore(store, 'demo').take(taking(1));
    await createSqliteConductStore(store, 'demo').observe({ ...about, intentDigest: digestOf(1) });
    const copy = join(folder(), 'copy.db');
    await backupLog(store, copy);
    await store.close();
    for (const file of [path(), copy]) {
      const again = open(file);
      expect((await createSqliteLimitStore(again, 'demo').read(taking(2))).outcome).toBe('exhausted');
      expect((await createSqliteLimitStore(again, 'other').read(taking(2))).outcome).toBe('taken');
      expect(await createSqliteConductStore(again, 'demo').listDays('a', 0)).toMatchObject([{ day: 1, denied: 1 }]);
      expect(await createSqliteConductStore(again, 'other').listDays('a', 0)).toEqual([]);
      await again.close();
    }
  });

  it('takes all or nothing from limits when the file cannot hold it', async () => {
    const store = open();
    const limits = createSqliteLimitStore(store, 'demo');
    const demands = ['a', 'b'].map((key) => ({ key, amount: 1, maximum: 1, windowMs: null }));
    store.database.exec(
      `CREATE TRIGGER full BEFORE INSERT ON limit_entries WHEN new.key = 'b' BEGIN SELECT raise(ABORT, 'no'); END`,
    );
    await expect(limits.take({ intentDigest: digestOf(1), now: 0, demands })).rejects.toMatchObject({
      code: 'STORE_ARGUMENT_INVALID',
    });
    store.database.exec('DROP TRIGGER full');
    expect(await limits.read({ intentDigest: digestOf(2), now: 0, demands })).toEqual({
      outcome: 'taken',
      used: [0, 0],
    });
    await store.close();
  });

  it('claims that come together share one commit, and one that cannot be read takes no other with it', async () => {
    const store = open();
    const grants = createSqliteGrantStore(store, 'demo');
    await grants.claim(claim(0));
    store.database.exec("UPDATE grant_claims SET purpose = 'nonsense'");
    const exec = vi.spyOn(store.database, 'exec');
    const answers = await Promise.allSettled([0, 1, 2, 1, 3].map((number) => grants.claim(claim(number))));
    expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1);
    expect(answers.map(({ status }) => status)).toEqual([
      'rejected',
      ...['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
    ]);
    expect(answers[0]).toMatchObject({ reason: { code: 'STORE_CORRUPT' } });
    expect(answers[3]).toMatchObject({ value: { outcome: 'taken' } });
    for (const number of [1, 2, 3]) expect((await grants.claim(claim(number))).outcome).toBe('taken');
    await store.close();
  });

  it('does nothing more together when the transaction has ended under it', async () => {
    const store = open();
    await createSqliteGrantStore(store, 'demo').claim(claim(0));
    const connection = new TenantConnection(store, 'demo');
    const first = connection.together(() => 'found');
    // As a full disk does: the statement fails, and all of the transaction with it.
    const second = connection.together(() => {
      store.database.exec('ROLLBACK');
      throw new Error('full');
    });
    const third = connection.together(() => connection.run('DELETE FROM grant_claims WHERE tenant = :tenant'));
    const answers = await Promise.allSettled([first, second, third]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await createSqliteGrantStore(store, 'demo').claim(claim(0))).outcome).toBe('taken');
    await store.close();
  });

  it('answers no claim that did not reach the disk', async () => {
    const store = open();
    const grants = createSqliteGrantStore(store, 'demo');
    const other = open();
    other.database.exec('BEGIN IMMEDIATE');
    const answers = await Promise.allSettled([1, 2].map((number) => grants.claim(claim(number))));
    expect(answers).toMatchObject([{ reason: { code: 'STORE_BUSY' } }, { reason: { code: 'STORE_BUSY' } }]);
    other.database.exec('ROLLBACK');
    // A refusal by the disk after the steps were run is that of everybody.
    const refused = vi.spyOn(store.database, 'exec');
    refused.mockImplementation(function (this: DatabaseSync, sql: string) {
      if (sql === 'COMMIT') throw Object.assign(new Error('disk'), { errcode: 10 });
      return DatabaseSync.prototype.exec.call(this, sql);
    });
    const lost = await Promise.allSettled([1, 2].map((number) => grants.claim(claim(number))));
    expect(lost).toMatchObject([{ reason: { code: 'STORE_IO' } }, { reason: { code: 'STORE_IO' } }]);
    refused.mockRestore();
    expect(await grants.claim(claim(1))).toEqual({ outcome: 'claimed' });
    await store.close();
    await other.close();
  });

  it('remembers for the next process and in a backup', async () => {
    const store = open();
    await createSqliteGrantStore(store, 'demo').claim(claim(1));
    await createSqliteOperatorStore(store, 'demo').add(ALICE);
    const grants = createSqliteStandingGrantStore(store, 'demo');
    await grants.add(standing);
    await grants.use({ standingGrantDigest: digestOf(1), intentDigest: digestOf(2), maxUses: 2 });
    await grants.add({ standingGrantDigest: digestOf(9), envelope: {} });
    await grants.revoke(digestOf(9));
    await createSqliteApprovalInbox(store, 'demo').put(WAITING);
    const copy = join(folder(), 'copy.db');
    await backupLog(store, copy);
    await store.close();
    for (const file of [path(), copy]) {
      const again = open(file);
      const result = await createSqliteGrantStore(again, 'demo').claim({ ...claim(1), purpose: 'void' });
      expect(result).toEqual({ outcome: 'taken', by: claim(1) });
      expect(await createSqliteOperatorStore(again, 'demo').list()).toEqual([ALICE]);
      expect(await createSqliteStandingGrantStore(again, 'demo').list()).toEqual([
        { ...standing, uses: 1, isRevoked: false },
        { standingGrantDigest: digestOf(9), envelope: {}, uses: 0, isRevoked: true },
      ]);
      const use = { standingGrantDigest: digestOf(1), intentDigest: digestOf(2), maxUses: 2 };
      expect(await createSqliteStandingGrantStore(again, 'demo').use(use)).toEqual({ outcome: 'used', use: 1 });
      expect(await createSqliteApprovalInbox(again, 'demo').list({ limit: 9 })).toEqual([WAITING]);
      await again.close();
    }
  });

  it('is added to a file of the first schema, which keeps what it has', async () => {
    const store = open();
    store.database.exec("INSERT INTO tenants VALUES (1, 'demo', 0, zeroblob(32), 0)");
    const tables = ['grant_claims', 'standing_grants', 'standing_grant_uses', 'operators', 'open_requests'];
    tables.push('switch_commands', 'policy_activations', 'policy_refusals', 'limit_entries');
    tables.push('conduct_actions', 'conduct_days', 'conduct_correlations');
    store.database.exec(`${tables.map((table) => `DROP TABLE ${table};`).join(' ')} PRAGMA user_version = 1`);
    await store.close();
    const again = open();
    expect(await createSqliteGrantStore(again, 'demo').claim(claim(1))).toEqual({ outcome: 'claimed' });
    expect(again.database.prepare('SELECT name FROM tenants').all()).toEqual([{ name: 'demo' }]);
    await again.close();
  });

  it('says so when the store is closed or held by another, and then nothing is claimed', async () => {
    const store = open();
    const other = open();
    const grants = createSqliteGrantStore(store, 'demo');
    other.database.exec('BEGIN IMMEDIATE');
    await expect(grants.claim(claim(1))).rejects.toMatchObject({ code: 'STORE_BUSY' });
    other.database.exec('ROLLBACK');
    expect(await grants.claim(claim(1))).toEqual({ outcome: 'claimed' });
    await store.close();
    await expect(grants.claim(claim(2))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(
      createSqliteStandingGrantStore(store, 'demo').use({ ...standing, intentDigest: digestOf(1), maxUses: 1 }),
    ).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it.each([
    ['a claim', "UPDATE grant_claims SET purpose = 'none'"],
    ['an operator’s clearance', "UPDATE operators SET clearance = 'none'"],
    ['an operator’s roles', "UPDATE operators SET roles = '{}'"],
    ['a standing grant', "UPDATE standing_grants SET envelope = '['"],
    ['a switch command', "UPDATE switch_commands SET envelope = '[]'"],
    ['an activation', `UPDATE policy_activations SET file = '{"envelope":{},"override":7}'`],
    ['an activation without its bundle', `UPDATE policy_activations SET file = '{"override":null}'`],
    ['a refusal', "UPDATE policy_refusals SET bundle_digest = 'x'"],
  ])('refuses to read %s that is not what was written', async (_, sql) => {
    const store = open();
    const grants = createSqliteGrantStore(store, 'demo');
    const operators = createSqliteOperatorStore(store, 'demo');
    const standingGrants = createSqliteStandingGrantStore(store, 'demo');
    await grants.claim(claim(1));
    await operators.add(ALICE);
    await standingGrants.add(standing);
    const switches = createSqliteSwitchCommandStore(store, 'demo', 'cell-1');
    await switches.append({ sequence: 1, envelope: {}, isRecorded: true });
    const activations = createSqlitePolicyActivationStore(store, 'demo', 'cell-1');
    await activations.append({ generation: 1, envelope: {}, override: null, activatedAt: '' });
    await activations.setRefusal({ reason: 'expired', bundleDigest: null, refusedAt: '' });
    const readAll = () =>
      Promise.all([
        ...[grants.claim(claim(1)), operators.list(), standingGrants.list(), switches.list({ after: 0, limit: 9 })],
        ...[activations.list({ before: 9, limit: 9 }), activations.findRefusal()],
      ]);
    await readAll();
    store.database.exec(sql);
    await expect(readAll()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('lets exactly one of several processes win each claim, each use, each place within a limit and each end', async () => {
    const store = open();
    await createSqliteStandingGrantStore(store, 'demo').add({ ...standing, standingGrantDigest: digestOf(9) });
    await store.close();
    const workers = ['1', '2', '3'].map((seed) => startWorker('claim', path(), join(folder(), 'heads'), seed, '200'));
    await Promise.all(workers.map(({ ended }) => ended));
    const lines = workers.flatMap(({ lines }) => lines());
    const won = lines.filter((line) => line.startsWith('claimed ')).sort();
    expect(won).toEqual(Array.from({ length: 200 }, (_, n) => `claimed ${n}`).sort());
    const used = lines.flatMap((line) => (line.startsWith('used ') ? [Number(line.slice(5))] : []));
    expect(used.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    const took = lines.flatMap((line) => (line.startsWith('took ') ? [Number(line.slice(5))] : []));
    expect(took.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(lines.filter((line) => line.startsWith('ended '))).toHaveLength(200);
    const again = open();
    expect((await createSqliteConductStore(again, 'demo').listDays('agent', 0))[0]?.completed).toBe(200);
    await again.close();
  });
});
