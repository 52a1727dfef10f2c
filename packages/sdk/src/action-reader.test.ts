import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import { LogStoreError, type TrailKind } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { openSqliteLogStore, SqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BOUNDARY_KEY, createConfig, createIntent, createTestClock, ORIGIN } from '../test/configs.ts';
import { readAction } from './action-reader.ts';
import { createBoundary, openApprovalDesk, type UnsoundAction } from './index.ts';
import { listOpenStreams, type OpenStream } from './open-streams.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-reader-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A database with actions that wait. */
async function openWaiting(...intentIds: string[]) {
  const store = { path: join(home, 'a.db') };
  const clock = createTestClock();
  const boundary = await createBoundary(createConfig({ store, clock }));
  for (const intent_id of intentIds) await boundary.execute(createIntent({ intent_id, target: '/data/ask/x' }));
  await boundary.close();
  return { store, clock, log: openSqliteLogStore(store) };
}

/** A database with actions of which nobody knows whether they happened. */
async function openAmbiguous(...intentIds: string[]) {
  const store = { path: join(home, 'a.db') };
  const clock = createTestClock();
  const executor = createTestExecutor({
    onExecute: () => {
      throw new Error('nobody knows');
    },
  });
  const executors = [{ hosting: 'in_process_trusted' as const, executor }];
  const boundary = await createBoundary(createConfig({ store, clock, executors }));
  for (const intent_id of intentIds) {
    expect(await boundary.execute(createIntent({ intent_id }))).toMatchObject({ status: 'ambiguous' });
  }
  await boundary.close();
  return { store, clock, log: openSqliteLogStore(store) };
}

/** Changes the payload of the last record of the first stream. */
function editEnd(from: string, to: string) {
  return ({ database }: SqliteLogStore) => {
    const last = 'SELECT id FROM entries WHERE stream = (SELECT min(stream) FROM entries) ORDER BY seq DESC LIMIT 1';
    const row = database.prepare(`SELECT id, bytes FROM payloads WHERE id = (${last})`).get();
    const text = String(Buffer.from(row?.bytes as Uint8Array));
    const changed = from === '' ? to : text.replace(from, to);
    expect(changed).not.toBe(text);
    database.prepare('UPDATE payloads SET bytes = ? WHERE id = ?').run(Buffer.from(changed), row?.id as number);
  };
}

const edit = (table: 'entries' | 'payloads', from: string, to: string) => (log: SqliteLogStore) => {
  const rows = log.database.prepare(`SELECT id, bytes FROM ${table} ORDER BY id`).all();
  const row = rows.map(({ id, bytes }) => ({ id, text: String(Buffer.from(bytes as Uint8Array)) })).at(1);
  const text = from === '' ? to : row?.text.replace(from, to);
  expect(text).not.toBe(row?.text);
  log.database.prepare(`UPDATE ${table} SET bytes = ? WHERE id = ?`).run(Buffer.from(text ?? ''), row?.id as number);
};

it.each<[string, string, (log: SqliteLogStore) => void, { tenant?: string; stream?: string }?]>([
  ['an edited payload', 'payload_digest_mismatch', edit('payloads', 'require_human', 'require_humaN')],
  ['a payload of another length', 'payload_size_mismatch', edit('payloads', 'require_human', 'allow')],
  ['a payload that is no json', 'CANONICAL_JSON_SYNTAX', edit('payloads', '', '{')],
  ['an edited record', 'stream_prev_mismatch', edit('entries', 'verdict_resolved', 'intent_received')],
  ['a record that is none', 'AUDIT_RECORD_MALFORMED', edit('entries', '', '{}')],
  ['a missing record', 'stream_seq_not_dense', ({ database }) => database.exec('DELETE FROM entries WHERE seq = 1')],
  [
    'a stream by the name of another',
    'stream_name_mismatch',
    ({ database }) => database.exec("UPDATE streams SET name = 'other' WHERE name = 'intent-1'"),
    { stream: 'other' },
  ],
  [
    'a stream of another tenant',
    'stream_tenant_mismatch',
    ({ database }) => database.exec("UPDATE tenants SET name = 'other'"),
    { tenant: 'other' },
  ],
])('%s makes an action unsound: %s', async (_, reason, tamper, { tenant = 'demo', stream = 'intent-1' } = {}) => {
  const { log } = await openWaiting('intent-1');
  tamper(log);
  await expect(readAction(log, tenant, stream)).rejects.toMatchObject({
    code: 'SDK_STREAM_UNSOUND',
    message: `the records of \`${stream}\` do not agree: ${reason}`,
  });
  await log.close();
});

it.each<[string, readonly (readonly [TrailKind, (decision: object) => object])[]]>([
  ['payload_shape_invalid', [['intent_received', () => ({ schema: 'exoarmur.intent/1' })]]],
  [
    'payload_shape_invalid',
    [
      ['intent_received', () => createIntent()],
      ['verdict_resolved', (decision) => decision],
      ['approval_decided', () => ({ envelope: { signatures: [] } })],
      ['approval_decided', () => ({})],
    ],
  ],
  [
    'payload_shape_invalid',
    [
      ['intent_received', () => createIntent()],
      ['approval_revoked', () => ({})],
    ],
  ],
  [
    'intent_digest_mismatch',
    [
      ['intent_received', () => createIntent({ target: '/data/other' })],
      ['verdict_resolved', (decision) => decision],
    ],
  ],
])('records that no boundary has written make it unsound: %s', async (reason, steps) => {
  const boundary = await createBoundary(createConfig());
  const { decision } = await boundary.execute(createIntent());
  await boundary.close();
  const store = new MemoryLogStore();
  const log = createAuditLog({
    ...{ store, heads: new MemoryHeadKeeper(), clock: createTestClock(), tenant: 'demo', cell: 'demo', origin: ORIGIN },
    signer: createSigner(BOUNDARY_KEY.name, BOUNDARY_KEY.seed),
    random: { bytes: (length) => new Uint8Array(length) },
  });
  for (const [expectedSeq, [kind, payloadOf]] of steps.entries()) {
    const place = { stream: 'intent-1', correlation: 'correlation-1', trace: null, expectedSeq };
    const payload = payloadOf(decision ?? {}) as never;
    await log.append({ ...place, actor: { type: 'boundary', id: 'demo' }, kind, payload });
  }
  await expect(readAction(store, 'demo', 'intent-1')).rejects.toMatchObject({
    message: `the records of \`intent-1\` do not agree: ${reason}`,
  });
});

it('is not there under a name that is none, or that nobody has given', async () => {
  const store = new MemoryLogStore();
  expect(await readAction(store, 'demo', 'a b')).toBe(undefined);
  expect(await readAction(store, 'demo', 'intent-1')).toBe(undefined);
});

it('is not called unsound for a fault of the store', async () => {
  const fault = new LogStoreError('STORE_BUSY', 'busy');
  const store = Object.assign(new MemoryLogStore(), { stream: () => Promise.reject(fault) });
  await expect(readAction(store, 'demo', 'intent-1')).rejects.toBe(fault);
});

it('hides no other action from people when it is unsound', async () => {
  const { store, clock, log } = await openWaiting('intent-1', 'intent-2', 'intent-3');
  edit('payloads', 'require_human', 'require_humaN')(log);
  await log.close();
  await using desk = openApprovalDesk({ store, tenant: 'demo', cell: 'demo', clock });
  await expect(desk.list()).rejects.toMatchObject({ code: 'SDK_STREAM_UNSOUND' });
  const unsound: UnsoundAction[] = [];
  const waiting = await desk.list((found) => unsound.push(found));
  expect(waiting.map(({ stream }) => stream)).toEqual(['intent-2', 'intent-3']);
  expect(unsound).toMatchObject([{ stream: 'intent-1', error: { code: 'SDK_STREAM_UNSOUND' } }]);
  const fault = new LogStoreError('STORE_BUSY', 'busy');
  vi.spyOn(SqliteLogStore.prototype, 'stream').mockRejectedValue(fault);
  await expect(desk.list((found) => unsound.push(found))).rejects.toBe(fault);
});

it.each<[string, (log: SqliteLogStore) => void, string]>([
  ['an end edited to be another one', editEnd('"ambiguous"', '"succeeded"'), 'payload_digest_mismatch'],
  ['an end that is no json', editEnd('', '{'), 'CANONICAL_JSON_SYNTAX'],
  ['an end that is nothing', editEnd('', 'null'), 'payload_size_mismatch'],
  [
    'a last record that is none',
    ({ database }) =>
      database.exec(
        "UPDATE entries SET bytes = CAST('{}' AS BLOB) WHERE id = (SELECT min(e.id) FROM entries e WHERE e.seq = (SELECT max(l.seq) FROM entries l WHERE l.stream = e.stream))",
      ),
    'AUDIT_RECORD_MALFORMED',
  ],
])('%s is told of, and what else is ambiguous is listed', async (_, tamper, reason) => {
  const { store, clock, log } = await openAmbiguous('intent-1', 'intent-2');
  tamper(log);
  await log.close();
  await using desk = openApprovalDesk({ store, tenant: 'demo', cell: 'demo', clock });
  const unsound: string[] = [];
  const found = await desk.listAmbiguous(({ stream, error }) => unsound.push(stream, error.message));
  expect(found.map(({ stream }) => stream)).toEqual(['intent-2']);
  expect(unsound).toEqual(['intent-1', `the records of \`intent-1\` do not agree: ${reason}`]);
  await expect(desk.listAmbiguous()).rejects.toMatchObject({ code: 'SDK_STREAM_UNSOUND' });
});

it('is not listed as ambiguous to the people of another cell', async () => {
  const { store, clock, log } = await openAmbiguous('intent-1');
  await log.close();
  await using elsewhere = openApprovalDesk({ store, tenant: 'demo', cell: 'other', clock });
  expect(await elsewhere.listAmbiguous()).toEqual([]);
});

it('keeps what a crash left open from being listed while the last record of one cannot be read', async () => {
  const { log } = await openWaiting('intent-1');
  const scope = { tenant: 'demo', cell: 'demo' };
  const listed = async () => {
    const open: OpenStream[] = [];
    for await (const one of listOpenStreams(log, scope)) open.push(one);
    return open;
  };
  expect(await listed()).toMatchObject([{ stream: 'intent-1', isWaiting: true }]);
  log.database.exec("UPDATE entries SET bytes = CAST('{}' AS BLOB) WHERE seq = (SELECT max(seq) FROM entries)");
  await expect(listed()).rejects.toMatchObject({
    ...{ code: 'SDK_STREAM_UNSOUND', message: 'the records of `intent-1` do not agree: AUDIT_RECORD_MALFORMED' },
  });
  await log.close();
});
