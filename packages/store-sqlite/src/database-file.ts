import { closeSync, openSync, statSync } from 'node:fs';
import { LogStoreError } from '@exoarmur/contracts';

/**
 * The file is made before SQLite opens it, so that it is never readable by others, not even for a moment. One that is there
 * stays as it is. @throws LogStoreError STORE_IO for what is no file; errors of the file system
 */
export function createPrivately(path: string, isNew = false): void {
  if (path === ':memory:') return;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (isNew || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    assertFile(path);
  }
}

/** SQLite would wait for ever for the other end of a pipe. @throws LogStoreError STORE_IO for what is no file */
export function assertFile(path: string): void {
  if (path !== ':memory:' && !statSync(path).isFile()) {
    throw new LogStoreError('STORE_IO', 'what is to be opened is no regular file');
  }
}
