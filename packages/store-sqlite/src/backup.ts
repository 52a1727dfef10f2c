import { rmSync } from 'node:fs';
import { backup } from 'node:sqlite';
import { LogStoreError } from '@exoarmur/contracts';
import { toStoreError } from './sqlite-error.ts';
import { createPrivately, SqliteLogStore } from './sqlite-log-store.ts';

/** What a backup holds, tenant by tenant. */
export interface BackupResult {
  readonly pages: number;
  readonly tenants: readonly { readonly tenant: string; readonly size: number }[];
}

/**
 * Copies the whole log to a new file while writers go on: one consistent state, checked page by page before it is called
 * a backup. Whether its records give its root is for `fsck` to say, as for any store. `onProgress` is told pages.
 * @throws LogStoreError STORE_CORRUPT, STORE_IO when the file is there already
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
  try {
    const pages = await backup(store.database, path, {
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
    await copy?.close();
  }
}
