import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import { openHeadFiles, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInProcess } from './in-process.ts';

const VKEY = 'example.com/known+e6307e6e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4';
const SEED = Uint8Array.from({ length: 32 }, (_, index) => index);
const KEY = 'PRIVATE+KEY+example.com/known+e6307e6e+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n';
const JANUARY = Date.UTC(2026, 0, 1);

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-log-'));
  writeFileSync(join(folder, 'log.key'), KEY, { mode: 0o600 });
  const store = openSqliteLogStore({ path: join(folder, 'log.db') });
  const heads = openHeadFiles(join(folder, 'log.db.heads'));
  let now = JANUARY;
  const log = createAuditLog({
    store,
    heads,
    signer: createSigner('example.com/known', SEED),
    clock: { now: () => now++ },
    random: { bytes: (length) => new Uint8Array(length).fill(now % 251) },
    tenant: 'known',
    cell: 'cell',
    origin: 'example.com/known',
  });
  const facts = Array.from({ length: 300 }, (_, number) =>
    log.appendCell({
      stream: 'switches',
      correlation: 'cell',
      trace: null,
      actor: { type: 'human', id: 'officer-1' },
      kind: 'switch_changed',
      payload: { number },
    }),
  );
  await Promise.all(facts);
  await log.close();
  await heads.close();
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: readonly string[]) => runInProcess(folder, 'log', ...args);

it('prunes what is older than a time, on record, and what remains is sound', async () => {
  const order = ['--by', 'officer-1', '--reason', 'retention', '--db', 'log.db', '--key', 'log.key', '--cell', 'cell'];
  expect(await run('prune', '--before', 'yesterday', ...order)).toMatchObject({
    err: expect.stringContaining('error AUDIT_DRAFT_INVALID'),
    exitCode: 2,
  });
  const early = await run('prune', '--before', new Date(JANUARY + 100).toISOString(), ...order);
  expect(early).toMatchObject({ out: 'First record kept: 0\n', exitCode: 0 });
  const pruned = await run('prune', '--before', '2026-02-01T00:00:00.000Z', ...order, '--json');
  expect(pruned.out).toBe('{\n  "before": 256\n}\n');
  const { out } = await run('fsck', '--db', 'log.db', '--vkey', VKEY, '--json');
  expect(JSON.parse(out)).toMatchObject({ outcome: 'sound', size: 301, counts: { records: 45 } });
  const tail = await run('tail', '--db', 'log.db', '--count', '1');
  expect(tail.out).toContain('payload_erased');
});

it('rebuilds a copy when it is told the key, and keeps none that is not sound', async () => {
  expect((await run('backup', 'plain.db', '--db', 'log.db')).out).toBe('known\t300 records\n');
  const checked = await run('backup', 'checked.db', '--db', 'log.db', '--vkey', VKEY);
  expect(checked.out).toBe('known\t300 records, rebuilt\n');
  const told = await run('backup', 'told.db', '--db', 'log.db', '--vkey', VKEY, '--json');
  expect(JSON.parse(told.out)).toEqual({ tenant: 'known', size: 300, rebuilt: true });

  const database = new DatabaseSync(join(folder, 'log.db'));
  database.exec("UPDATE payloads SET bytes = CAST('{}' AS BLOB) WHERE id = (SELECT min(id) + 17 FROM payloads)");
  database.close();
  const refused = await run('backup', 'bad.db', '--db', 'log.db', '--vkey', VKEY);
  expect(refused).toMatchObject({ out: '', exitCode: 2 });
  expect(refused.err).toContain('error CLI_COPY_UNSOUND: copy of known is not sound at 17: payload_mismatch');
  expect(existsSync(join(folder, 'bad.db'))).toBe(false);
});

it('answers in JSON where it is asked to', async () => {
  const events = ['{"id":"e-1","type":"login","correlation_id":"case-1"}', 'nonsense'];
  writeFileSync(join(folder, 'events.jsonl'), events.join('\n'));
  const key = ['--db', 'log.db', '--key', 'log.key', '--cell', 'cell'];
  const ingested = await run('ingest', 'events.jsonl', ...key, '--source', 'sensor', '--json');
  expect(JSON.parse(ingested.out)).toEqual({ events: 1, refused: 1 });
  const erased = await run('erase', ...key, '--stream', 'switches', '--by', 'officer-1', '--reason', 'why', '--json');
  expect(JSON.parse(erased.out)).toEqual({ erased: 300, index: 301 });
  const exported = await run('export', '--db', 'log.db', '--out', 'public', '--json');
  expect(JSON.parse(exported.out)).toEqual({ files: 6 });
});

it('calls no log unsound for the key of another, and no file a database that is none', async () => {
  const other = createSigner('bea.example', SEED).vkey;
  const foreign = 'error CLI_KEY_FOREIGN: the log is `example.com/known`, the key is `bea.example`\n';
  expect(await run('fsck', '--db', 'log.db', '--vkey', other)).toEqual({ out: '', err: foreign, exitCode: 2 });
  expect(await run('backup', 'copy.db', '--db', 'log.db', '--vkey', other)).toMatchObject({ err: foreign });
  expect(existsSync(join(folder, 'copy.db'))).toBe(false);
  // The right name with another key is what a log that was signed anew looks like.
  const twin = createSigner('example.com/known', new Uint8Array(32)).vkey;
  expect(await run('fsck', '--db', 'log.db', '--vkey', twin)).toMatchObject({
    out: expect.stringContaining('LOG_RESULT=UNSOUND'),
    exitCode: 1,
  });
  writeFileSync(join(folder, 'policies.json'), '{"schema":"exoarmur.policy-set/1","language":"cedar","policies":{}}');
  const none = await run('fsck', '--db', 'policies.json', '--vkey', VKEY);
  expect(none).toMatchObject({ err: expect.stringMatching(/^error STORE_CORRUPT: `\S+` is no database\n$/) });
});
