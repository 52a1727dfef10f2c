import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../test/logs.ts';
import { openSqliteLogStore, openSqliteWitnessStore } from './index.ts';

const folder = useFolder();
const path = () => join(folder(), 'witness.db');
const head = (size: number) => ({ size, root: new Uint8Array(32).fill(size), note: `note ${size}` });

describe('SqliteWitnessStore', () => {
  it('replaces a head only while it is the one expected, and keeps it for the next process', async () => {
    const store = openSqliteWitnessStore(path());
    const other = openSqliteWitnessStore(path());
    expect(await store.read('log')).toBe(null);
    expect(await store.replace('log', 1, head(2))).toBe(false);
    expect(await store.replace('log', null, head(3))).toBe(true);
    expect(await other.replace('log', null, head(4))).toBe(false);
    expect(await other.replace('log', 3, head(5))).toBe(true);
    expect(await store.replace('log', 3, head(6))).toBe(false);
    await store.close();
    await other.close();
    const again = openSqliteWitnessStore(path());
    expect(await again.read('log')).toEqual(head(5));
    expect(await again.read('another')).toBe(null);
    await again.close();
  });

  it('refuses a file that is a log', async () => {
    await openSqliteLogStore({ path: path() }).close();
    expect(() => openSqliteWitnessStore(path())).toThrow(expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }));
  });
});
