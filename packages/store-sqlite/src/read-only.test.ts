import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSqliteOperatorStore, openSqliteLogStore } from './index.ts';

const VKEY = 'example.com/known+e6307e6e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4';
const PERSON = { operatorId: 'alice', vkey: VKEY, roles: [], isRevoked: false };

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-reader-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('a reader sees what a writer wrote, and can appoint and revoke nobody', async () => {
  const path = join(home, 'a.db');
  const writer = openSqliteLogStore({ path });
  await createSqliteOperatorStore(writer, 'demo').add(PERSON);
  const reader = openSqliteLogStore({ path, isReadOnly: true });
  const operators = createSqliteOperatorStore(reader, 'demo');
  expect(await operators.list()).toHaveLength(1);
  await expect(operators.revoke('alice')).rejects.toMatchObject({ name: 'LogStoreError' });
  await expect(operators.add({ ...PERSON, operatorId: 'mallory' })).rejects.toMatchObject({ name: 'LogStoreError' });
  await reader.close();
  expect(await createSqliteOperatorStore(writer, 'demo').list()).toEqual([PERSON]);
  await writer.close();
});

test('a reader makes no file and changes no schema', async () => {
  const path = join(home, 'a.db');
  expect(() => openSqliteLogStore({ path, isReadOnly: true })).toThrow();
  expect(readdirSync(home)).toEqual([]);
  const foreign = new DatabaseSync(path);
  foreign.exec('CREATE TABLE notes (text TEXT)');
  foreign.close();
  const before = readFileSync(path);
  expect(() => openSqliteLogStore({ path, isReadOnly: true })).toThrowError(
    expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }),
  );
  expect(readFileSync(path)).toEqual(before);
});
