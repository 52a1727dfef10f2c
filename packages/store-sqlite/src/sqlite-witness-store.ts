import { DatabaseSync } from 'node:sqlite';
import { LogStoreError, type WitnessedHead, type WitnessStore } from '@exoarmur/contracts';
import { createPrivately } from './database-file.ts';
import { enterWal } from './schema.ts';
import { guard } from './sqlite-error.ts';

/** Marks the file as the memory of a witness: the bytes `ExAW`. */
const APPLICATION_ID = 0x45784157;

const BUSY_TIMEOUT_MS = 10_000;

/** What a witness has cosigned, in one SQLite file: durable before it answers, atomic between processes. */
export class SqliteWitnessStore implements WitnessStore {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Opens or creates the file. @throws LogStoreError STORE_SCHEMA_UNSUPPORTED for another application's database */
  static open(path: string): SqliteWitnessStore {
    return guard(() => {
      createPrivately(path);
      const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      try {
        enterWal(database, BUSY_TIMEOUT_MS);
        database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
        const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
        const owner = database.prepare('PRAGMA application_id').get() as { application_id: number };
        if (tables.n > 0 && owner.application_id !== APPLICATION_ID) {
          throw new LogStoreError('STORE_SCHEMA_UNSUPPORTED', 'file is not the memory of a witness');
        }
        database.exec(`CREATE TABLE IF NOT EXISTS heads (
            origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL
          ) STRICT, WITHOUT ROWID;
          PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
      } catch (error) {
        database.close();
        throw error;
      }
      return new SqliteWitnessStore(database);
    });
  }

  async read(origin: string): Promise<WitnessedHead | null> {
    return guard(() => {
      const row = this.#database.prepare('SELECT size, root, note FROM heads WHERE origin = ?').get(origin);
      return (row as unknown as WitnessedHead | undefined) ?? null;
    });
  }

  async replace(origin: string, expected: number | null, { size, root, note }: WitnessedHead): Promise<boolean> {
    // One statement each, so that the comparison and the write cannot be torn apart.
    return guard(() => {
      const result =
        expected === null
          ? this.#database.prepare('INSERT OR IGNORE INTO heads VALUES (?, ?, ?, ?)').run(origin, size, root, note)
          : this.#database
              .prepare('UPDATE heads SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ?')
              .run(size, root, note, origin, expected);
      return result.changes === 1;
    });
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Opens the memory of a witness in a SQLite file. @throws LogStoreError */
export function openSqliteWitnessStore(path: string): SqliteWitnessStore {
  return SqliteWitnessStore.open(path);
}
