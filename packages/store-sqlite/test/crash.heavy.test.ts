import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fsckLog } from '@exoarmur/audit/inspection';
import { MemoryHeadKeeper } from '@exoarmur/audit/memory';
import { formatDigest, hashLeaf, parseCheckpoint } from '@exoarmur/canonical';
import { type AuditLogStore, type LogHeadKeeper, LogStoreError, type LogStoreErrorCode } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { openHeadFiles, openSqliteLogStore } from '../src/index.ts';
import { fact, openLog, SIGNER, useFolder } from './logs.ts';
import { startWorker } from './processes.ts';

const folder = useFolder();
const path = () => join(folder(), 'log.db');

/** Seeded numbers in [0, 1), so that a failure can be had again. */
const seeded = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
  return seed / 4_294_967_296;
};

const check = async (store: AuditLogStore, heads: LogHeadKeeper = new MemoryHeadKeeper()) => {
  const report = await fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, heads });
  if (report.outcome === 'unsound') throw new Error(`${report.finding.code} at ${report.finding.index}`);
  return report.size;
};

describe('a crash', () => {
  // The write-ahead log only grows between two checkpoints, so its beginnings are the states a power cut can leave.
  it('at any byte of the write-ahead log loses nothing acknowledged before (1,200 cuts, half of them torn)', async () => {
    const store = openSqliteLogStore({ path: path() });
    store.database.exec('PRAGMA wal_autocheckpoint = 0');
    const log = openLog(store, new MemoryHeadKeeper());
    const wal = `${path()}-wal`;
    const acknowledged: { size: number; walBytes: number }[] = [];
    for (let i = 0; i < 120; i++) {
      const batch = 1 + (i % 5);
      await Promise.all(Array.from({ length: batch }, (_, j) => log.appendCell(fact(`s-${i % 3}-${j}`, i))));
      acknowledged.push({ size: (await store.head('demo')).size, walBytes: statSync(wal).size });
    }
    const main = readFileSync(path());
    const bytes = readFileSync(wal);
    await store.close();
    const random = seeded(1);
    const copy = join(folder(), 'copy.db');
    for (let round = 0; round < 1200; round++) {
      const cut = Math.floor(random() * bytes.length);
      const left = Buffer.from(bytes.subarray(0, cut));
      const torn = Buffer.alloc(round % 2 === 0 ? 0 : Math.floor(random() * 4096), round);
      writeFileSync(copy, main);
      writeFileSync(`${copy}-wal`, Buffer.concat([left, torn]));
      const reopened = openSqliteLogStore({ path: copy });
      const { size } = await reopened.head('demo');
      const promised = acknowledged.filter(({ walBytes }) => walBytes <= cut).at(-1)?.size ?? 0;
      expect(size).toBeGreaterThanOrEqual(promised);
      expect(acknowledged.some((state) => state.size === size) || size === 0).toBe(true);
      if (round % 10 === 0) expect(await check(reopened)).toBe(size);
      const again = openLog(reopened, new MemoryHeadKeeper(), 9);
      expect((await again.appendCell(fact('after', round))).index).toBe(size);
      await reopened.close();
    }
  }, 600_000);

  it('of the process at any moment loses nothing acknowledged and signs no fork (40 kills under load)', async () => {
    const heads = join(folder(), 'heads');
    const random = seeded(2);
    const acknowledged = new Map<number, string>();
    for (let round = 0; round < 40; round++) {
      const { child, lines, ended } = startWorker('append', path(), heads, String(round));
      while (lines().length === 0) await sleep(5);
      await sleep(random() * 150);
      child.kill('SIGKILL');
      await ended;
      for (const line of lines().slice(1)) {
        const [index = '', leafHash = ''] = line.split(' ');
        expect(acknowledged.get(Number(index)) ?? leafHash).toBe(leafHash);
        acknowledged.set(Number(index), leafHash);
      }
    }
    const store = openSqliteLogStore({ path: path() });
    const keeper = openHeadFiles(heads);
    const size = await check(store, keeper);
    for (const { index, bytes } of await store.entries('demo', { from: 0, limit: size })) {
      const known = acknowledged.get(index);
      if (known !== undefined) expect(formatDigest(hashLeaf(bytes))).toBe(known);
      acknowledged.delete(index);
    }
    expect(acknowledged.size).toBe(0);
    await store.close();
    await keeper.close();
  }, 600_000);
});

describe('a fault between the writes', () => {
  type Fault = 'before' | 'after' | 'busy' | 'full' | 'sync' | 'second writer' | 'stale writer' | 'head' | 'signer';
  const FAULTS: readonly Fault[] = [
    'before',
    'after',
    'busy',
    'full',
    'sync',
    'second writer',
    'stale writer',
    'head',
    'signer',
  ];
  const failure = (code: LogStoreErrorCode) => new LogStoreError(code, 'injected');

  it('never loses an acknowledged record, never signs two roots of one size, and heals itself (1,000 faults)', async () => {
    const random = seeded(3);
    const real = openSqliteLogStore({ path: path() });
    const heads = new MemoryHeadKeeper();
    const signed = new Map<number, string>();
    let fault: Fault | undefined;
    let injected = 0;
    const take = (...wanted: Fault[]) => {
      if (fault === undefined || !wanted.includes(fault)) return false;
      fault = undefined;
      injected++;
      return true;
    };
    const store: AuditLogStore = new Proxy(real, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'commit') return member.bind(target);
        return async (...args: Parameters<AuditLogStore['commit']>) => {
          if (take('before')) throw failure('STORE_IO');
          if (take('busy')) throw failure('STORE_BUSY');
          if (take('full')) throw failure('STORE_FULL');
          if (take('second writer', 'stale writer')) await other.appendCell(fact('other', injected));
          const result = await real.commit(...args);
          if (take('after', 'sync')) throw failure('STORE_IO');
          return result;
        };
      },
    });
    const remember = (message: Uint8Array) => {
      const text = new TextDecoder().decode(message);
      const { size } = parseCheckpoint(text);
      expect(signed.get(size) ?? text).toBe(text);
      signed.set(size, text);
    };
    const signer = {
      ...SIGNER,
      sign: (message: Uint8Array) => {
        if (take('signer')) throw failure('STORE_IO');
        remember(message);
        return SIGNER.sign(message);
      },
    };
    const guarded = {
      read: (tenant: string) => heads.read(tenant),
      reset: heads.reset.bind(heads),
      advance: async (...args: Parameters<typeof heads.advance>) => {
        if (take('head')) throw failure('STORE_FULL');
        await heads.advance(...args);
      },
    };
    const signOther = (message: Uint8Array) => {
      remember(message);
      return SIGNER.sign(message);
    };
    const other = openLog(real, heads, 50, { ...SIGNER, sign: signOther });
    const log = openLog(store, guarded, 60, signer);
    const acknowledged = new Map<number, string>();
    let drafted = 0;
    while (injected < 1000) {
      fault ??= FAULTS[Math.floor(random() * FAULTS.length)];
      const streams = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `s-${drafted++ % 17}`);
      const results = await Promise.allSettled(streams.map((stream) => log.appendCell(fact(stream, drafted))));
      for (const result of results) {
        if (result.status === 'fulfilled') acknowledged.set(result.value.index, result.value.leafHash);
        else expect(result.reason).toMatchObject({ code: 'AUDIT_COMMIT_FAILED' });
      }
    }
    await log.close();
    const size = await check(real, heads);
    for (const { index, bytes } of await real.entries('demo', { from: 0, limit: size })) {
      const known = acknowledged.get(index);
      if (known !== undefined) expect(formatDigest(hashLeaf(bytes))).toBe(known);
      acknowledged.delete(index);
    }
    expect(acknowledged.size).toBe(0);
    await real.close();
  }, 600_000);

  it('of a restored old backup is refused by name, every time (60 times)', async () => {
    const heads = new MemoryHeadKeeper();
    const old = join(folder(), 'old.db');
    for (let round = 0; round < 60; round++) {
      const store = openSqliteLogStore({ path: path() });
      const log = openLog(store, heads, round);
      await log.appendCell(fact('s', round));
      store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      copyFileSync(path(), old);
      await log.appendCell(fact('s', `${round} later`));
      await store.close();
      const restored = openSqliteLogStore({ path: old });
      const refusing = openLog(restored, heads, 100 + round);
      await expect(refusing.appendCell(fact('s', 'x'))).rejects.toMatchObject({ code: 'AUDIT_LOG_BEHIND_HEAD' });
      await restored.close();
    }
  }, 600_000);
});
