import { DatabaseSync } from 'node:sqlite';

/**
 * Takes the write lock of a small lock file, which the operating system takes back when the process dies. Close it to give
 * it back. @throws when somebody else has it for longer than `timeoutMs`
 */
export function takeLock(path: string, timeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: timeoutMs });
  try {
    database.exec('BEGIN IMMEDIATE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Does something while no other process of this machine does anything under the same lock file. */
export function inTurn<Value>(path: string, work: () => Value): Value {
  const lock = takeLock(path, 10_000);
  try {
    return work();
  } finally {
    lock.close();
  }
}
