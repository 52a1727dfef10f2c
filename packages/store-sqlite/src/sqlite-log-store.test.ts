import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { fsckLog } from '@exoarmur/audit/inspection';
import { MemoryHeadKeeper } from '@exoarmur/audit/memory';
import { logStoreConformance } from '@exoarmur/audit/testing';
import { describe, expect, it } from 'vitest';
import { fact, openLog, SIGNER, useFolder } from '../test/logs.ts';
import { backupLog, openSqliteLogStore } from './index.ts';

const HOLD_FOR_A_WHILE = `
  const { workerData } = require('node:worker_threads');
  const database = new (require('node:sqlite').DatabaseSync)(workerData.path);
  database.exec('BEGIN IMMEDIATE');
  Atomics.store(workerData.held, 0, 1);
  Atomics.wait(workerData.held, 0, 1, 100);
  database.exec('ROLLBACK');`;

const folder = useFolder();
const path = () => join(folder(), 'log.db');
const open = () => openSqliteLogStore({ path: path(), busyTimeoutMs: 50 });

describe('SqliteLogStore', () => {
  it.each(logStoreConformance)('$rule', async ({ run }) => {
    await run(async () => open());
  });

  it('makes a file that only its owner can read', async () => {
    await open().close();
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it('leaves what is no log as it is', () => {
    writeFileSync(path(), 'not a database at all\n', { mode: 0o644 });
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT', message: 'the file is no SQLite database' }));
    expect(statSync(path()).mode & 0o777).toBe(0o644);
    rmSync(path());
    const foreign = new DatabaseSync(path());
    foreign.exec('CREATE TABLE notes (text TEXT)');
    foreign.close();
    const before = readFileSync(path());
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }));
    expect(readFileSync(path())).toEqual(before);
  });

  it.each([false, true])('does not wait at a pipe, for reading only: %s', (isReadOnly) => {
    execFileSync('mkfifo', [path()]);
    expect(() => openSqliteLogStore({ path: path(), isReadOnly })).toThrow(
      expect.objectContaining({ code: 'STORE_IO' }),
    );
  });

  it('opens its own file again and finds everything', async () => {
    const first = open();
    const heads = new MemoryHeadKeeper();
    const log = openLog(first, heads);
    for (let i = 0; i < 300; i++) await log.appendCell(fact(`s-${i % 7}`, i));
    await log.close();
    await first.close();
    const second = open();
    const report = await fsckLog({ store: second, tenant: 'demo', vkey: SIGNER.vkey, heads });
    expect(report).toMatchObject({ outcome: 'sound', size: 300, counts: { streams: 7, payloads: 300, notes: 300 } });
    expect((await openLog(second, heads).appendCell(fact('s-0', 0))).record.seq).toBe(43);
    await second.close();
  });

  it('knows its streams also when there are more than it remembers', async () => {
    const store = open();
    const log = openLog(store, new MemoryHeadKeeper());
    for (let from = 0; from < 24_000; from += 8000) {
      await Promise.all(Array.from({ length: 8000 }, (_, i) => log.appendCell(fact(`s-${from + i}`, i))));
    }
    for (const stream of ['s-0', 's-8000', 's-23999']) {
      expect((await log.appendCell(fact(stream, 'again'))).record.seq).toBe(1);
      expect((await store.stream('demo', stream)).map(({ seq }) => seq)).toEqual([0, 1]);
    }
    await store.close();
  });

  it('refuses another application’s database and a newer schema, and leaves them as they are', async () => {
    const foreign = new DatabaseSync(path());
    foreign.exec('CREATE TABLE notes (x)');
    foreign.close();
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }));
    const newer = new DatabaseSync(join(folder(), 'newer.db'));
    newer.exec(`PRAGMA application_id = ${0x4578414c}; PRAGMA user_version = 99; CREATE TABLE notes (x)`);
    newer.close();
    expect(() => openSqliteLogStore({ path: join(folder(), 'newer.db') })).toThrow(
      expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }),
    );
    writeFileSync(join(folder(), 'text'), 'this is no database, but it is long enough to be one '.repeat(40));
    expect(() => openSqliteLogStore({ path: join(folder(), 'text') })).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
  });

  it('says that the file is locked, and goes on when it is free again', async () => {
    const store = open();
    const log = openLog(store, new MemoryHeadKeeper());
    await log.appendCell(fact('s', 0));
    const holder = new DatabaseSync(path());
    holder.exec('BEGIN IMMEDIATE');
    const refused = await log.appendCell(fact('s', 1)).catch((error) => error);
    expect(refused).toMatchObject({ code: 'AUDIT_COMMIT_FAILED', cause: { code: 'STORE_BUSY' } });
    holder.exec('ROLLBACK');
    holder.close();
    expect((await log.appendCell(fact('s', 2))).record.seq).toBe(1);
    await store.close();
  });

  it('waits for whoever creates the same file, as long as it was told to', async () => {
    const holder = new DatabaseSync(path());
    holder.exec('BEGIN IMMEDIATE');
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_BUSY' }));
    holder.exec('ROLLBACK');
    holder.close();
    // Opening blocks this thread, so the lock is given back by another one.
    const held = new Int32Array(new SharedArrayBuffer(4));
    const other = new Worker(HOLD_FOR_A_WHILE, { eval: true, workerData: { path: path(), held } });
    const ended = once(other, 'exit');
    while (Atomics.load(held, 0) === 0) await setImmediate();
    await openSqliteLogStore({ path: path() }).close();
    await ended;
  });

  it('says that there is no room, and what was acknowledged is still there', async () => {
    const store = open();
    const log = openLog(store, new MemoryHeadKeeper());
    await log.appendCell(fact('s', 0));
    const { page_count: pages } = store.database.prepare('PRAGMA page_count').get() as { page_count: number };
    store.database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    let acknowledged = 1;
    let refused: unknown;
    while (refused === undefined) {
      await log.appendCell(fact('s', 'x'.repeat(3000))).then(
        () => acknowledged++,
        (error) => {
          refused = error;
        },
      );
    }
    expect(refused).toMatchObject({ code: 'AUDIT_COMMIT_FAILED', cause: { code: 'STORE_FULL' } });
    store.database.exec('PRAGMA max_page_count = 100000');
    expect((await store.head('demo')).size).toBe(acknowledged);
    expect((await log.appendCell(fact('s', 1))).index).toBe(acknowledged);
    await store.close();
  });

  it('leaves no byte of an erased payload in any of its files', async () => {
    const store = open();
    const log = openLog(store, new MemoryHeadKeeper());
    await log.appendCell(fact('keep', 'kept-in-the-clear'));
    await log.appendCell(fact('gone', 'the-secret-of-alice'));
    const holds = (text: string) =>
      readdirSync(folder()).some((file) => readFileSync(join(folder(), file)).includes(text));
    expect(holds('the-secret-of-alice')).toBe(true);
    const order = {
      selection: { stream: 'gone' },
      requestedBy: { type: 'human', id: 'dpo' },
      reason: 'asked',
    } as const;
    expect((await log.erase(order)).erased).toBe(1);
    expect(holds('the-secret-of-alice')).toBe(false);
    expect(holds('kept-in-the-clear')).toBe(true);
    await log.close();
    await store.close();
    expect(holds('the-secret-of-alice')).toBe(false);
  });

  it('does not call an erasure done while a reader holds the old bytes', async () => {
    const store = open();
    const log = openLog(store, new MemoryHeadKeeper());
    await log.appendCell(fact('gone', 'secret'));
    const reader = new DatabaseSync(path());
    reader.exec('BEGIN; SELECT count(*) FROM payloads');
    await expect(store.erasePayloads('demo', [0])).rejects.toMatchObject({ code: 'STORE_BUSY' });
    reader.exec('ROLLBACK');
    reader.close();
    await store.erasePayloads('demo', [0]);
    await store.close();
  });
});

describe('backupLog', () => {
  it('copies a consistent state while a writer goes on, and never over a file that is there', async () => {
    const store = open();
    const heads = new MemoryHeadKeeper();
    const log = openLog(store, heads);
    for (let i = 0; i < 200; i++) await log.appendCell(fact('s', 'x'.repeat(500)));
    const target = join(folder(), 'backup.db');
    const [result] = await Promise.all([
      backupLog(store, target),
      ...Array.from({ length: 50 }, (_, i) => log.appendCell(fact(`t-${i}`, i))),
    ]);
    await log.close();
    const copy = openSqliteLogStore({ path: target });
    const report = await fsckLog({ store: copy, tenant: 'demo', vkey: SIGNER.vkey });
    expect(report).toMatchObject({ outcome: 'sound' });
    expect(result.tenants).toEqual([{ tenant: 'demo', size: (await copy.head('demo')).size }]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    await copy.close();
    await expect(backupLog(store, target)).rejects.toMatchObject({ code: 'STORE_IO' });
    await store.close();
  });

  it('is none of a log in memory, and leaves no file', async () => {
    const store = openSqliteLogStore({ path: ':memory:' });
    const target = join(folder(), 'backup.db');
    await expect(backupLog(store, target)).rejects.toMatchObject({ code: 'STORE_ARGUMENT_INVALID' });
    expect(readdirSync(folder())).toEqual([]);
    await store.close();
  });
});
