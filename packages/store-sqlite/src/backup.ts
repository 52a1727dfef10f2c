import { rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { LogStoreError } from '@exoarmur/contracts';
import { createPrivately } from './database-file.ts';
import { toStoreError } from './sqlite-error.ts';
import { SqliteLogStore } from './sqlite-log-store.ts';

/** What a backup holds, tenant by tenant. */
export interface BackupResult {
  readonly pages: number;
  readonly tenants: readonly { readonly tenant: string; readonly size: number }[];
}

/**
 * Copies the whole log to a new file while writers go on: one consistent state, checked page by page before it is called
 * a backup. Whether its records give its root is for `fsck` to say, as for any store. `onProgress` is told pages.
 * @throws LogStoreError STORE_CORRUPT, STORE_IO when the file is there already, STORE_ARGUMENT_INVALID for a log in memory
 */
export async function backupLog(
  store: SqliteLogStore,
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<BackupResult> {
  try {
    createPrivately(path, true);
  } catch (error) {
    throw toStoreError(error);
  }
  let copy: SqliteLogStore | undefined;
  let source: DatabaseSync | undefined;
  try {
    source = openSnapshot(store);
    const pages = await backup(source, path, {
      progress: ({ totalPages, remainingPages }) => onProgress?.(totalPages - remainingPages, totalPages),
    });
    copy = SqliteLogStore.open({ path });
    const check = copy.database.prepare('PRAGMA integrity_check').get() as { integrity_check: string };
    if (check.integrity_check !== 'ok')
      throw new LogStoreError('STORE_CORRUPT', 'the copy does not pass its own check');
    const tenants: { tenant: string; size: number }[] = [];
    for (const tenant of await copy.tenants()) tenants.push({ tenant, size: (await copy.head(tenant)).size });
    return { pages, tenants };
  } catch (error) {
    await copy?.close();
    copy = undefined;
    rmSync(path, { force: true });
    throw toStoreError(error);
  } finally {
    source?.close();
    await copy?.close();
  }
}

/**
 * The log as it is now, on a connection of its own. A copy is made on another thread, and what the writer's connection does
 * meanwhile would be taken for its error; and the copy would begin anew with each commit, were it not for the transaction.
 */
function openSnapshot(store: SqliteLogStore): DatabaseSync {
  const path = store.database.location();
  if (path === null) throw new LogStoreError('STORE_ARGUMENT_INVALID', 'a log in memory has no backup');
  const source = new DatabaseSync(path, { readOnly: true });
  try {
    source.exec('BEGIN; SELECT count(*) FROM tenants');
    return source;
  } catch (error) {
    source.close();
    throw error;
  }
}
