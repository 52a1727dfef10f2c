import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteOperatorStore, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { APPROVER, APPROVER_KEY, createConfig, createIntent, createTestClock } from '../test/configs.ts';
import { createBoundary, openApprovalDesk } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-desk-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A boundary with an action that waits, an operator in its database, and a desk. */
async function openOffice() {
  const clock = createTestClock();
  const store = { path: join(home, 'a.db') };
  const config = createConfig({ store, clock });
  const boundary = await createBoundary(config);
  const pending = await boundary.execute(createIntent({ target: '/data/ask/x' }));
  const database = openSqliteLogStore(store);
  const operators = createSqliteOperatorStore(database, 'demo');
  await operators.add(APPROVER);
  const desk = openApprovalDesk({ store, tenant: 'demo', cell: 'demo', clock });
  const [waiting] = await desk.list();
  if (waiting === undefined) throw new Error('nothing waits');
  const answer = (change: object = {}) =>
    desk.answer({
      ...{
        stream: 'intent-1',
        verdict: 'approve',
        requestDigest: waiting.requestDigest,
        reason: 'seen',
        key: APPROVER_KEY,
      },
      ...change,
    });
  const close = async () => {
    await desk.close();
    await database.close();
    await boundary.close();
  };
  return { boundary, config, clock, pending, operators, desk, waiting, answer, close };
}

describe('ApprovalDesk', () => {
  it('shows what waits, and its answer makes the boundary act and not the desk', async () => {
    const { boundary, config, desk, waiting, answer, close } = await openOffice();
    expect(waiting).toMatchObject({ stream: 'intent-1', intent: { target: '/data/ask/x' }, isLate: false, inTray: 0 });
    expect(waiting.decision.pdp.determining_policies).toEqual(['ask-person']);
    await answer();
    expect(config.executor.performed).toHaveLength(0);
    expect(await desk.show('intent-1')).toMatchObject({ inTray: 1, answeredBy: [] });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' }, refused: [] });
    expect(config.executor.performed).toHaveLength(1);
    expect(await desk.list()).toEqual([]);
    expect(readdirSync(join(home, 'a.db.answers'))).toEqual([]);
    await expect(desk.show('intent-1')).rejects.toMatchObject({ code: 'SDK_STREAM_UNKNOWN' });
    await close();
  });

  it('makes a waiting call go on, and a denial end it', async () => {
    const { boundary, config, pending, answer, close } = await openOffice();
    const settled = boundary.settle(pending, { pollMs: 5 });
    await answer({ verdict: 'deny', reason: 'no' });
    expect(await settled).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_DENIED' });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('ends a waiting call when its time is up, or when the caller gives up waiting', async () => {
    const { boundary, clock, pending, close } = await openOffice();
    const controller = new AbortController();
    const reason = new Error('enough');
    const settled = boundary.settle(pending, { pollMs: 60_000, signal: controller.signal });
    controller.abort(reason);
    await expect(settled).rejects.toBe(reason);
    clock.nowMs += 3_700_000;
    expect(await boundary.settle(pending)).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_EXPIRED' });
    await close();
  });

  it('refuses what can be known to be wrong', async () => {
    const { clock, operators, answer, close } = await openOffice();
    const refused = (change: object) => expect(answer(change)).rejects;
    await refused({ stream: 'intent-2' }).toMatchObject({ code: 'SDK_STREAM_UNKNOWN' });
    await refused({ requestDigest: `sha256:${'0'.repeat(64)}` }).toMatchObject({
      code: 'SDK_ANSWER_REFUSED',
      pointer: '/request_digest',
    });
    const key = { name: 'alice.test', seed: new Uint8Array(32).fill(3) };
    await refused({ key }).toMatchObject({ code: 'SDK_ANSWER_REFUSED', message: 'the key belongs to no operator' });
    await operators.revoke('alice');
    await refused({}).toMatchObject({ code: 'SDK_ANSWER_REFUSED', message: 'the key was revoked' });
    clock.nowMs += 3_700_000;
    await refused({}).toMatchObject({ code: 'SDK_ANSWER_REFUSED', pointer: '/expires_at' });
    await close();
  });

  it('throws away what is no answer or is refused, and keeps what came before its time', async () => {
    const { boundary, config, operators, answer, close } = await openOffice();
    await answer();
    const [file] = readdirSync(join(home, 'a.db.answers'));
    const prefix = file?.slice(0, 33);
    await operators.revoke('alice');
    writeFileSync(join(home, 'a.db.answers', `${prefix}${'0'.repeat(64)}.json`), '{"forged":true}');
    writeFileSync(join(home, 'a.db.answers', `${prefix}${'1'.repeat(64)}.json`), 'x'.repeat(70_000));
    const { result, refused } = await boundary.takeAnswers('intent-1');
    expect(result).toBeUndefined();
    expect([...refused].sort()).toEqual([
      'BOUNDARY_APPROVAL_MALFORMED',
      'BOUNDARY_APPROVAL_MALFORMED',
      'BOUNDARY_APPROVER_REVOKED',
    ]);
    expect(readdirSync(join(home, 'a.db.answers'))).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('opens the database for reading only', () => {
    const store = { path: join(home, 'empty.db') };
    writeFileSync(store.path, '');
    expect(() => openApprovalDesk({ store, tenant: 'demo', cell: 'demo' })).toThrowError(
      expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }),
    );
    expect(statSync(store.path).size).toBe(0);
  });

  it('does not make a database that is not there', () => {
    const store = { path: join(home, 'missing.db') };
    expect(() => openApprovalDesk({ store, tenant: 'demo', cell: 'demo' })).toThrowError(
      expect.objectContaining({ code: 'SDK_FILE_UNREADABLE', pointer: '/store/path' }),
    );
    expect(readdirSync(home)).toEqual([]);
  });
});
