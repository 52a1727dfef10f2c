import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type EnteringStream,
  type FsckOptions,
  type FsckParts,
  fsckLog,
  type RangeSurvey,
  surveyRange,
} from '@exoarmur/audit/inspection';
import { formatAddCheckpoint, MemoryWitnessStore, Witness } from '@exoarmur/audit/witness';
import {
  createSigner,
  encodeUtf8,
  hashLeaf,
  parseCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  verifyCheckpoint,
  verifyInclusion,
} from '@exoarmur/canonical';
import type { Digest } from '@exoarmur/contracts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fact, ORIGIN, openLog, SIGNER, useFolder } from '../test/logs.ts';
import { openHeadFiles, openSqliteLogStore } from './index.ts';

const folder = useFolder();
const path = () => join(folder(), 'log.db');
const BASE = 2 ** 36;
const RECORDS = 600;

beforeEach(async () => {
  const store = openSqliteLogStore({ path: path() });
  const heads = openHeadFiles(join(folder(), 'heads'));
  const log = openLog(store, heads);
  await Promise.all(Array.from({ length: RECORDS }, (_, i) => log.appendCell(fact(`s-${i % 20}`, i))));
  await log.close();
  await heads.close();
  await store.close();
});

const tamper = (sql: string, ...parameters: (string | number | Uint8Array)[]) => {
  const database = new DatabaseSync(path());
  if (parameters.length === 0) database.exec(sql);
  else database.prepare(sql).run(...parameters);
  database.close();
};

/** What fsck says, read whole and read in parts: it must be the same. */
const fsck = async () => {
  const store = openSqliteLogStore({ path: path() });
  const heads = openHeadFiles(join(folder(), 'heads'));
  const task = { store, tenant: 'demo', vkey: SIGNER.vkey };
  const whole = await fsckLog({ ...task, heads });
  const inParts = await fsckLog({ ...task, heads, parts: partsOf(task) });
  await store.close();
  expect(inParts).toEqual(whole);
  return whole.outcome === 'sound' ? 'sound' : `${whole.finding.code} ${whole.finding.index}`;
};

/** Parts of 256 records, surveyed one after the other; `change` alters what a survey says. */
const partsOf = (
  task: Pick<FsckOptions, 'store' | 'tenant' | 'vkey'>,
  change: (survey: RangeSurvey | null, part: number) => RangeSurvey | null = (survey) => survey,
): FsckParts => ({
  records: 256,
  async *survey(ranges, first) {
    for (const [part, range] of ranges.entries()) yield change(await surveyRange({ ...task, range, first }), part);
  },
});

const entry = (index: number): Uint8Array => {
  const database = new DatabaseSync(path());
  const row = database.prepare('SELECT bytes FROM entries WHERE id = ?').get(BASE + index);
  database.close();
  return row?.bytes as Uint8Array;
};

describe('fsck in parts', () => {
  /** The report, and how many records were read by the one that puts the parts together. */
  const check = async (change?: Parameters<typeof partsOf>[1]) => {
    const store = openSqliteLogStore({ path: path() });
    const own = openSqliteLogStore({ path: path() });
    const read = vi.spyOn(own, 'entries');
    const task = { tenant: 'demo', vkey: SIGNER.vkey };
    const report = await fsckLog({ ...task, store: own, parts: partsOf({ ...task, store }, change) });
    await Promise.all([store.close(), own.close()]);
    const sizes = await Promise.all(read.mock.results.map(async ({ value }) => (await value).length));
    return { report, read: sizes.reduce((sum, size) => sum + size, 0) };
  };

  it('leaves the reading to the parts of a sound log', async () => {
    const { report, read } = await check();
    expect(report).toMatchObject({
      outcome: 'sound',
      size: RECORDS,
      counts: { records: RECORDS, streams: 20, notes: 1 },
    });
    expect(read).toBe(0);
  });

  const otherDigest: Digest = `sha256:${'0'.repeat(64)}`;
  it.each<[string, (survey: RangeSurvey) => RangeSurvey | null]>([
    ['vouches for nothing', () => null],
    ['is of other records', (survey) => ({ ...survey, range: { from: 0, to: 256 } })],
    ['stands on another tree', (survey) => ({ ...survey, base: new Uint8Array(32) })],
    [
      'goes on with a stream that is not open',
      (survey) => ({ ...survey, entering: [{ ...at(survey), stream: 'other' }] }),
    ],
    ['goes on with another record', (survey) => ({ ...survey, entering: [{ ...at(survey), prev: otherDigest }] })],
    ['goes on at another number', (survey) => ({ ...survey, entering: [{ ...at(survey), seq: 99 }] })],
    ['begins a stream that is open', (survey) => ({ ...survey, entering: [], begun: [at(survey).stream] })],
  ])('reads the log itself when a part %s', async (_, change) => {
    const { report, read } = await check((survey, part) => (part === 1 && survey !== null ? change(survey) : survey));
    expect(report).toMatchObject({ outcome: 'sound', size: RECORDS });
    expect(read).toBe(RECORDS);
  });

  it('reads the log itself when a part is left out', async () => {
    const { read } = await check((survey, part) => (part === 2 ? null : survey));
    expect(read).toBe(RECORDS);
  });

  it('refuses parts that do not end with a tile', async () => {
    const store = openSqliteLogStore({ path: path() });
    const task = { store, tenant: 'demo', vkey: SIGNER.vkey };
    await expect(fsckLog({ ...task, parts: { ...partsOf(task), records: 300 } })).rejects.toThrow(RangeError);
    await store.close();
  });

  const at = (survey: RangeSurvey): EnteringStream => survey.entering[0] as EnteringStream;
});

describe('fsck finds', () => {
  it('nothing in a log that nobody touched', async () => {
    expect(await fsck()).toBe('sound');
  });

  it.each<[string, string, () => void]>([
    [
      'an edited record',
      'stream_prev_mismatch 37',
      () => {
        const text = new TextDecoder().decode(entry(17)).replace('operator-1', 'operator-2');
        tamper('UPDATE entries SET bytes = ? WHERE id = ?', encodeUtf8(text), BASE + 17);
      },
    ],
    [
      'an edited last record',
      'note_root_mismatch 600',
      () => {
        const text = new TextDecoder().decode(entry(599)).replace('operator-1', 'operator-2');
        tamper('UPDATE entries SET bytes = ? WHERE id = ?', encodeUtf8(text), BASE + 599);
      },
    ],
    [
      'bytes that are no record',
      'entry_malformed 17',
      () => tamper("UPDATE entries SET bytes = x'00' WHERE id = ?", BASE + 17),
    ],
    ['a deleted record', 'entry_missing 17', () => tamper('DELETE FROM entries WHERE id = ?', BASE + 17)],
    [
      'an inserted record',
      'stream_listing_mismatch 600',
      () => {
        tamper(`INSERT INTO streams VALUES (999, 1, 'new', 'c', 600)`);
        const text = new TextDecoder().decode(entry(0)).replaceAll('s-0', 'new').replace('session-new', 'c');
        tamper('INSERT INTO entries VALUES (?, 999, 0, ?)', BASE + 600, encodeUtf8(text));
        tamper('UPDATE tenants SET size = 601 WHERE id = 1');
        tamper("UPDATE streams SET correlation = 'x' WHERE id = 999");
      },
    ],
    [
      'a record appended behind the head',
      'head_size_mismatch 600',
      () => tamper('INSERT INTO entries SELECT id + 1, 999, 0, bytes FROM entries WHERE id = ?', BASE + 599),
    ],
    [
      'two records that changed places',
      'entry_column_mismatch 17',
      () => {
        const [a, b] = [entry(17), entry(18)];
        tamper('UPDATE entries SET bytes = ? WHERE id = ?', b, BASE + 17);
        tamper('UPDATE entries SET bytes = ? WHERE id = ?', a, BASE + 18);
      },
    ],
    [
      'two whole rows that changed places',
      'stream_seq_not_dense 17',
      () => {
        tamper(`UPDATE entries SET id = 1 WHERE id = ${BASE + 17}`);
        tamper(`UPDATE entries SET id = ${BASE + 17} WHERE id = ${BASE + 37}`);
        tamper(`UPDATE entries SET id = ${BASE + 37} WHERE id = 1`);
      },
    ],
    [
      'a record filed under another stream',
      'entry_column_mismatch 599',
      () => tamper('UPDATE entries SET stream = 999 WHERE id = ?', BASE + 599),
    ],
    [
      'an edited payload',
      'payload_mismatch 17',
      () => tamper('UPDATE payloads SET bytes = ? WHERE id = ?', encodeUtf8('{"value":99}'), BASE + 17),
    ],
    [
      'two payloads that changed places',
      'payload_mismatch 17',
      () => {
        tamper(`UPDATE payloads SET id = 1 WHERE id = ${BASE + 17}`);
        tamper(`UPDATE payloads SET id = ${BASE + 17} WHERE id = ${BASE + 18}`);
        tamper(`UPDATE payloads SET id = ${BASE + 18} WHERE id = 1`);
      },
    ],
    ['a cut tail', 'entry_missing 590', () => tamper('DELETE FROM entries WHERE id >= ?', BASE + 590)],
    [
      'a deleted stream',
      'entry_missing 3',
      () => {
        tamper("DELETE FROM entries WHERE stream = (SELECT id FROM streams WHERE name = 's-3')");
        tamper("DELETE FROM streams WHERE name = 's-3'");
      },
    ],
    ['a stream taken off the list', 'entry_column_mismatch 3', () => tamper("DELETE FROM streams WHERE name = 's-3'")],
    [
      'a stream listed under another correlation',
      'stream_listing_mismatch 3',
      () => tamper("UPDATE streams SET correlation = 'x' WHERE name = 's-3'"),
    ],
    [
      'a changed tile',
      'tile_mismatch 256',
      () => tamper('UPDATE tiles SET hashes = zeroblob(8192) WHERE id = (SELECT min(id) FROM tiles)'),
    ],
    [
      'a changed tile root',
      'tile_mismatch 512',
      () => tamper('UPDATE tiles SET root = zeroblob(32) WHERE id = (SELECT max(id) FROM tiles)'),
    ],
    ['a missing tile', 'tile_missing 256', () => tamper('DELETE FROM tiles WHERE id = (SELECT min(id) FROM tiles)')],
    ['a changed root', 'head_root_mismatch 600', () => tamper('UPDATE tenants SET root = zeroblob(32)')],
    ['a checkpoint that nobody can read', 'note_malformed 600', () => tamper("UPDATE notes SET note = 'nonsense'")],
    ['a checkpoint of another size', 'note_malformed 599', () => tamper('UPDATE notes SET id = id - 1')],
    [
      'a checkpoint signed with another key',
      'note_signature_invalid 600',
      () => {
        const other = createSigner(ORIGIN, new Uint8Array(32).fill(8));
        const database = new DatabaseSync(path());
        const row = database.prepare('SELECT note FROM notes').get() as { note: string };
        database.close();
        const body = row.note.slice(0, row.note.indexOf('\n\n') + 1);
        const signature = Buffer.from(other.sign(encodeUtf8(body)));
        const id = Buffer.from(parseVerifierKey(SIGNER.vkey).keyId);
        const line = `\u2014 ${ORIGIN} ${Buffer.concat([id, signature]).toString('base64')}\n`;
        tamper('UPDATE notes SET note = ?', `${body}\n${line}`);
      },
    ],
  ])('%s', async (_, expected, change) => {
    change();
    expect(await fsck()).toBe(expected);
  });

  it('a log that was rolled back whole, because the head is kept elsewhere', async () => {
    copyFileSync(path(), join(folder(), 'old.db'));
    const store = openSqliteLogStore({ path: path() });
    const heads = openHeadFiles(join(folder(), 'heads'));
    const log = openLog(store, heads, 1);
    await log.appendCell(fact('s-0', 'later'));
    await log.close();
    await store.close();
    await heads.close();
    copyFileSync(join(folder(), 'old.db'), path());
    expect(await fsck()).toBe('kept_head_ahead 600');
    const restored = openSqliteLogStore({ path: path() });
    const refusing = openLog(restored, openHeadFiles(join(folder(), 'heads')), 2);
    await expect(refusing.appendCell(fact('s-0', 'x'))).rejects.toMatchObject({ code: 'AUDIT_LOG_BEHIND_HEAD' });
    await restored.close();
  });

  it('a log that was rewritten whole with the right key, because the head is kept elsewhere', async () => {
    const store = openSqliteLogStore({ path: join(folder(), 'forged.db') });
    const log = openLog(store, openHeadFiles(join(folder(), 'other-heads')), 3);
    await Promise.all(Array.from({ length: RECORDS + 5 }, (_, i) => log.appendCell(fact(`s-${i % 20}`, `${i}!`))));
    await log.close();
    await store.close();
    for (const suffix of ['-wal', '-shm']) copyFileSync('/dev/null', path() + suffix);
    copyFileSync(join(folder(), 'forged.db'), path());
    expect(await fsck()).toBe('kept_head_mismatch 600');
  });
});

describe('a proof check finds', () => {
  const proven = async () => {
    const store = openSqliteLogStore({ path: path() });
    const log = openLog(store, openHeadFiles(join(folder(), 'heads')), 4);
    const proof = parseTlogProof(await log.prove(17));
    await store.close();
    return proof;
  };

  it('an edited, inserted or moved record, with nothing but the key and the proof', async () => {
    const { checkpoint, path: hashes, index } = await proven();
    expect(verifyCheckpoint(checkpoint, [parseVerifierKey(SIGNER.vkey)]).outcome).toBe('valid');
    const { size, root } = parseCheckpoint(checkpoint);
    const check = (bytes: Uint8Array, at = index) =>
      verifyInclusion({ index: at, size, root, path: hashes, leafHash: hashLeaf(bytes) }).outcome;
    const bytes = entry(17);
    expect(check(bytes)).toBe('valid');
    for (let position = 0; position < bytes.length; position++) {
      const changed = bytes.slice();
      changed[position] = (changed[position] ?? 0) ^ 1;
      expect(check(changed)).toBe('invalid');
    }
    expect(check(entry(18))).toBe('invalid');
    expect(check(bytes, 18)).toBe('invalid');
  });

  it('a checkpoint signed with another key', async () => {
    const forger = createSigner(ORIGIN, new Uint8Array(32).fill(8));
    const prove = async () => {
      const store = openSqliteLogStore({ path: path() });
      const heads = openHeadFiles(join(folder(), 'heads'));
      const proof = await openLog(store, heads, 1, forger)
        .prove(17)
        .finally(() => store.close());
      await heads.close();
      return proof;
    };
    // The log itself refuses as long as it holds a checkpoint of its key.
    await expect(prove()).rejects.toMatchObject({ code: 'AUDIT_KEY_MISMATCH' });
    tamper('DELETE FROM notes');
    const { checkpoint } = parseTlogProof(await prove());
    expect(verifyCheckpoint(checkpoint, [parseVerifierKey(SIGNER.vkey)]).outcome).toBe('invalid');
  });
});

describe('a witness finds', () => {
  it('a roll-back and a fork that no check of the store alone can see', async () => {
    const witness = new Witness({
      store: new MemoryWitnessStore(),
      signer: createSigner('w.test', new Uint8Array(32).fill(1)),
      logs: [parseVerifierKey(SIGNER.vkey)],
      clock: { now: () => 0 },
    });
    const submit = async (file: string, old: number, salt: number, records: number) => {
      const store = openSqliteLogStore({ path: file });
      const log = openLog(store, openHeadFiles(join(folder(), `heads-${salt}`)), salt);
      for (let i = 0; i < records; i++) await log.appendCell(fact('s-0', `${salt} ${i}`));
      const { note, size } = await log.checkpoint();
      const hashes = await log.proveConsistency(Math.min(old, size), size);
      await store.close();
      return (await witness.addCheckpoint(encodeUtf8(formatAddCheckpoint({ oldSize: old, path: hashes, note }))))
        .status;
    };
    copyFileSync(path(), join(folder(), 'old.db'));
    copyFileSync(path(), join(folder(), 'old2.db'));
    expect(await submit(path(), 0, 5, 3)).toBe(200);
    expect(await submit(join(folder(), 'old.db'), 600, 6, 1)).toBe(409);
    expect(await submit(join(folder(), 'old2.db'), 603, 7, 5)).toBe(422);
  });
});
