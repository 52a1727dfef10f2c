import { LogStoreError, type LogStoreErrorCode } from '@exoarmur/contracts';

/** Primary result codes of SQLite (sqlite.org/rescode.html) as codes of the port. */
const CODES: ReadonlyMap<number, LogStoreErrorCode> = new Map([
  [5, 'STORE_BUSY'],
  [6, 'STORE_BUSY'],
  [8, 'STORE_IO'],
  [10, 'STORE_IO'],
  [11, 'STORE_CORRUPT'],
  [13, 'STORE_FULL'],
  [14, 'STORE_IO'],
  [19, 'STORE_ARGUMENT_INVALID'],
  [26, 'STORE_CORRUPT'],
]);

const NOT_A_DATABASE = 26;

/** An error of SQLite or of the file system as an error of the port; anything else is handed back as it is. */
export function toStoreError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('syscall' in error && 'code' in error) {
    const code = error.code === 'ENOSPC' ? 'STORE_FULL' : 'STORE_IO';
    return new LogStoreError(code, `file system refused the file: ${String(error.code)}`, { cause: error });
  }
  if (!('errcode' in error) || typeof error.errcode !== 'number') return error;
  const code = CODES.get(error.errcode & 0xff) ?? 'STORE_IO';
  if (error.errcode === NOT_A_DATABASE)
    return new LogStoreError(code, 'the file is no SQLite database', { cause: error });
  return new LogStoreError(code, `database refused the operation with result ${error.errcode}`, { cause: error });
}

/** Whether SQLite refused because somebody else has a lock. */
export function isBusy(error: unknown): boolean {
  const known = toStoreError(error);
  return known instanceof LogStoreError && known.code === 'STORE_BUSY';
}

/** Runs an operation on the database or the file system and throws what it throws as an error of the port. */
export function guard<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toStoreError(error);
  }
}
