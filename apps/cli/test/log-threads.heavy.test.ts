import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import { openHeadFiles, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from './in-process.ts';

const SIGNER = createSigner('cell.test/demo', new Uint8Array(32).fill(5));
/** More than two parts. */
const RECORDS = 70_000;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-log-'));
  const store = openSqliteLogStore({ path: join(folder, 'log.db') });
  const heads = openHeadFiles(join(folder, 'log.db.heads'));
  let count = 0;
  const log = createAuditLog({
    store,
    heads,
    signer: SIGNER,
    clock: { now: () => Date.UTC(2026, 0, 1) + count },
    random: { bytes: (length) => new Uint8Array(length).fill(count++ % 251) },
    tenant: 'demo',
    cell: 'cell',
    origin: 'cell.test/demo',
  });
  for (let from = 0; from < RECORDS; from += 1000) {
    const facts = Array.from({ length: 1000 }, (_, offset) =>
      log.appendCell({
        // Streams of six records, and one that goes through the whole log.
        stream: offset % 50 === 0 ? 'all' : `stream-${Math.floor((from + offset) / 6)}`,
        correlation: 'session',
        trace: null,
        actor: { type: 'boundary', id: 'cell' },
        kind: 'switch_changed',
        payload: { number: from + offset },
      }),
    );
    await Promise.all(facts);
  }
  await log.close();
  await heads.close();
  await store.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('fsck on several threads', () => {
  const fsck = async (threads: number) => {
    const args = ['--db', 'log.db', '--vkey', SIGNER.vkey, '--threads', String(threads), '--json'];
    const { out, err } = await runInProcess(folder, 'log', 'fsck', ...args);
    expect(err).toBe('');
    return JSON.parse(out);
  };

  it('says the same as on one, of a sound log and of one that lies in its last part', async () => {
    const sound = await fsck(1);
    expect(sound).toMatchObject({ outcome: 'sound', size: RECORDS, counts: { records: RECORDS } });
    expect(await fsck(3)).toEqual(sound);
    const database = new DatabaseSync(join(folder, 'log.db'));
    database.exec(`UPDATE payloads SET salt = zeroblob(16) WHERE id = (SELECT max(id) - 7 FROM payloads)`);
    database.close();
    const unsound = await fsck(3);
    expect(unsound).toMatchObject({ outcome: 'unsound', finding: { code: 'payload_mismatch', index: RECORDS - 8 } });
    expect(await fsck(1)).toEqual(unsound);
  });
});
