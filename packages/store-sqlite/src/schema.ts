import type { DatabaseSync } from 'node:sqlite';
import { LogStoreError } from '@exoarmur/contracts';
import { isBusy } from './sqlite-error.ts';

/** Marks the file as a log of this project: the bytes `ExAL`. */
export const APPLICATION_ID = 0x4578414c;

/** Entries a tenant may have, and with it the layout of entry ids: tenant number × 2^36 + index. */
export const MAX_ENTRIES = 2 ** 36;

/** Tiles of one level a tenant may have: tile ids are (tenant number × 8 + level) × 2^28 + index. */
export const MAX_TILES = 2 ** 28;

/** Milliseconds between two tries for the write-ahead log. */
const WAL_RETRY_MS = 5;

/**
 * Turns the write-ahead log on. A file that does not have it yet is written for it by a connection that reads already, and
 * there SQLite refuses at once where it would otherwise wait (sqlite.org/c3ref/busy_handler.html); so two processes that
 * create a file together wait for each other here. Blocks the thread. @throws the error of SQLite after `timeoutMs`
 */
export function enterWal(database: DatabaseSync, timeoutMs: number): void {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS);
    }
  }
}

/**
 * One step per schema version, applied in order inside one transaction. A step is never edited once released. Ids are
 * assigned so that a tenant's entries lie side by side and in order.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE tenants (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
     size INTEGER NOT NULL, root BLOB NOT NULL, first INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE streams (
     id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, name TEXT NOT NULL, correlation TEXT NOT NULL,
     first INTEGER NOT NULL, UNIQUE (tenant, name)
   ) STRICT;
   CREATE INDEX streams_correlation ON streams (tenant, correlation, first);
   CREATE INDEX streams_first ON streams (tenant, first);
   CREATE TABLE entries (
     id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX entries_position ON entries (stream, seq);
   CREATE TABLE payloads (id INTEGER PRIMARY KEY, salt BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
   CREATE TABLE content_keys (
     tenant INTEGER NOT NULL, identity BLOB NOT NULL, content BLOB NOT NULL, entry INTEGER NOT NULL,
     PRIMARY KEY (tenant, identity)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX content_keys_entry ON content_keys (entry);
   CREATE TABLE tiles (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL, root BLOB NOT NULL) STRICT;
   CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;`,
  // What the boundary remembers beside the log. Tenants are named, not numbered: they may have none of it in the log yet.
  `CREATE TABLE grant_claims (
     tenant TEXT NOT NULL, intent_digest TEXT NOT NULL, grant_digest TEXT NOT NULL, purpose TEXT NOT NULL,
     PRIMARY KEY (tenant, intent_digest), UNIQUE (tenant, grant_digest)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE standing_grants (
     tenant TEXT NOT NULL, digest TEXT NOT NULL, envelope TEXT NOT NULL, is_revoked INTEGER NOT NULL,
     PRIMARY KEY (tenant, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE standing_grant_uses (
     tenant TEXT NOT NULL, digest TEXT NOT NULL, intent_digest TEXT NOT NULL, number INTEGER NOT NULL,
     PRIMARY KEY (tenant, digest, intent_digest), UNIQUE (tenant, digest, number)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE operators (
     tenant TEXT NOT NULL, public_key TEXT NOT NULL, key_id TEXT NOT NULL, operator_id TEXT NOT NULL, vkey TEXT NOT NULL,
     roles TEXT NOT NULL, clearance TEXT, actor_ids TEXT, is_revoked INTEGER NOT NULL,
     PRIMARY KEY (tenant, public_key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX operators_key_id ON operators (tenant, key_id);
   CREATE TABLE open_requests (
     tenant TEXT NOT NULL, stream TEXT NOT NULL, correlation TEXT NOT NULL, requested_at TEXT NOT NULL, request TEXT NOT NULL,
     PRIMARY KEY (tenant, stream)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX open_requests_order ON open_requests (tenant, requested_at, stream);`,
  // Who may be stopped, and under which policies everybody acts.
  `CREATE TABLE switch_commands (
     tenant TEXT NOT NULL, cell TEXT NOT NULL, sequence INTEGER NOT NULL, envelope TEXT NOT NULL, is_recorded INTEGER NOT NULL,
     PRIMARY KEY (tenant, cell, sequence)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE policy_activations (
     tenant TEXT NOT NULL, cell TEXT NOT NULL, generation INTEGER NOT NULL, file TEXT NOT NULL, activated_at TEXT NOT NULL,
     PRIMARY KEY (tenant, cell, generation)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE policy_refusals (
     tenant TEXT NOT NULL, cell TEXT NOT NULL, reason TEXT NOT NULL, bundle_digest TEXT, refused_at TEXT NOT NULL,
     PRIMARY KEY (tenant, cell)
   ) STRICT, WITHOUT ROWID;`,
  // What actions took from limits.
  `CREATE TABLE limit_entries (
     tenant TEXT NOT NULL, intent_digest TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, amount INTEGER NOT NULL,
     PRIMARY KEY (tenant, intent_digest, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX limit_entries_window ON limit_entries (tenant, key, at, amount);`,
  // How actions ended.
  `CREATE TABLE conduct_actions (
     tenant TEXT NOT NULL, intent_digest TEXT NOT NULL, PRIMARY KEY (tenant, intent_digest)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE conduct_days (
     tenant TEXT NOT NULL, actor TEXT NOT NULL, day INTEGER NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,
     PRIMARY KEY (tenant, actor, day, outcome)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE conduct_correlations (
     tenant TEXT NOT NULL, correlation TEXT NOT NULL, action_type TEXT NOT NULL, outcome TEXT NOT NULL,
     count INTEGER NOT NULL, PRIMARY KEY (tenant, correlation, action_type, outcome)
   ) STRICT, WITHOUT ROWID;`,
];

/** Current schema version, kept in `user_version`. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings the file to the current schema. @throws LogStoreError STORE_SCHEMA_UNSUPPORTED for a newer schema or a file that is
 * not a log.
 */
export function migrate(database: DatabaseSync): void {
  const version = pragma(database, 'user_version');
  const application = pragma(database, 'application_id');
  if (version === SCHEMA_VERSION && application === APPLICATION_ID) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: another process may have just created the file.
    const current = pragma(database, 'user_version');
    assertNotForeign(database);
    if (current > SCHEMA_VERSION) {
      throw new LogStoreError('STORE_SCHEMA_UNSUPPORTED', `schema ${current} is newer than ${SCHEMA_VERSION}`);
    }
    for (const step of MIGRATIONS.slice(current)) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Lets pass a log and a file with nothing in it. @throws LogStoreError STORE_SCHEMA_UNSUPPORTED for anything else */
export function assertNotForeign(database: DatabaseSync): void {
  const owner = pragma(database, 'application_id');
  if (owner === APPLICATION_ID) return;
  const { n } = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
  if (owner !== 0 || n > 0 || pragma(database, 'user_version') !== 0) {
    throw new LogStoreError('STORE_SCHEMA_UNSUPPORTED', 'file is another application’s database');
  }
}

/** Refuses a file that a reader cannot read without changing it. @throws LogStoreError STORE_SCHEMA_UNSUPPORTED */
export function assertCurrent(database: DatabaseSync): void {
  const [version, application] = [pragma(database, 'user_version'), pragma(database, 'application_id')];
  if (version === SCHEMA_VERSION && application === APPLICATION_ID) return;
  throw new LogStoreError(
    'STORE_SCHEMA_UNSUPPORTED',
    `schema is not ${SCHEMA_VERSION}; whoever writes brings it there`,
  );
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] as number;
}
