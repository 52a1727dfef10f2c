import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { emptyRoot, equalBytes } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  type LogCommit,
  type LogCommitResult,
  type LogContentKey,
  type LogEntry,
  type LogHead,
  type LogNote,
  type LogPayload,
  LogStoreError,
  type LogStream,
  scopeNameSchema,
} from '@exoarmur/contracts';
import { assertFile, createPrivately } from './database-file.ts';
import { EntryRows, type StreamNumbers } from './entry-rows.ts';
import { assertCurrent, assertNotForeign, enterWal, MAX_ENTRIES, MAX_TILES, migrate } from './schema.ts';
import { guard } from './sqlite-error.ts';

/** Where the log is, and how long to wait for another writer. */
export interface SqliteLogStoreOptions {
  /** Path of the database file; created with mode 0600 when it is not there, and left with its mode when it is. */
  readonly path: string;
  /** Milliseconds to wait for a lock before STORE_BUSY; 10,000 unless told. */
  readonly busyTimeoutMs?: number;
  /** Opens a file that is there, writes nothing to it and changes no schema. */
  readonly isReadOnly?: boolean;
}

interface Tenant {
  readonly id: number;
  readonly head: LogHead;
  readonly first: number;
}

/**
 * The log store in one SQLite file: WAL, synchronous FULL, so a commit that resolved survives a power cut. Several
 * processes may open the same file. Calls block the thread while the disk works; `ready` gives it back in between.
 */
export class SqliteLogStore implements AuditLogStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #bounds = new Map<string, { readonly tenant: boolean; readonly low: boolean; readonly high: boolean }>();
  readonly #entryRows = new EntryRows((sql) => this.#statement(sql));
  readonly #tenantIds = new Map<string, number>();

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Opens or creates the file and brings its schema up to date. @throws LogStoreError */
  static open({ path, busyTimeoutMs = 10_000, isReadOnly = false }: SqliteLogStoreOptions): SqliteLogStore {
    return guard(() => {
      if (isReadOnly) return new SqliteLogStore(openForReading(path, busyTimeoutMs));
      createPrivately(path);
      const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
      try {
        // Before anything is written: to turn the write-ahead log on changes the file.
        assertNotForeign(database);
        enterWal(database, busyTimeoutMs);
        database.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
        migrate(database);
      } catch (error) {
        database.close();
        throw error;
      }
      return new SqliteLogStore(database);
    });
  }

  ready(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async head(tenant: string): Promise<LogHead> {
    return guard(() => this.#tenant(tenant)?.head ?? emptyHead());
  }

  async commit(tenant: string, commit: LogCommit): Promise<LogCommitResult> {
    const { expected, next, entries } = commit;
    if (entries.length === 0 || next.size !== expected.size + entries.length || next.size > MAX_ENTRIES) {
      throw new LogStoreError('STORE_ARGUMENT_INVALID', 'batch size does not fit the log');
    }
    assertTenant(tenant);
    let numbers: StreamNumbers | undefined;
    const result = this.#transaction<LogCommitResult>(() => {
      const id = this.#moveHead(tenant, expected, next);
      if (id === undefined) return { outcome: 'stale', head: this.#tenant(tenant)?.head ?? emptyHead() };
      const firstIndex = expected.size;
      numbers = this.#entryRows.insert(id, { entries, firstIndex, firstId: entryId(id, firstIndex) });
      for (const { level, index, hashes, root } of commit.tiles) {
        this.#statement('INSERT INTO tiles VALUES (?, ?, ?)').run(tileId(id, level, index), hashes, root);
      }
      this.#insertNotes(id, commit.notes);
      return { outcome: 'committed' };
    });
    const id = this.#tenantId(tenant);
    if (id !== undefined && numbers !== undefined) this.#entryRows.remember(id, numbers);
    return result;
  }

  async saveNotes(tenant: string, notes: readonly LogNote[]): Promise<void> {
    assertTenant(tenant);
    this.#transaction(() => {
      const current = this.#tenant(tenant);
      if (current === undefined || notes.some(({ size }) => size > current.head.size)) {
        throw new LogStoreError('STORE_ARGUMENT_INVALID', 'note above the head does not fit the log');
      }
      this.#insertNotes(current.id, notes);
    });
  }

  async latestNote(tenant: string): Promise<LogNote | null> {
    const notes = this.#rows<LogNote>(
      tenant,
      'SELECT id - :low AS size, note FROM notes WHERE id BETWEEN :low AND :high ORDER BY id DESC LIMIT 1',
    );
    return notes[0] ?? null;
  }

  async notes(tenant: string, { after, limit }: { after: number; limit: number }): Promise<readonly LogNote[]> {
    return this.#rows<LogNote>(
      tenant,
      `SELECT id - :low AS size, note FROM notes
       WHERE id BETWEEN :low + :after + 1 AND :high ORDER BY id LIMIT :limit`,
      { after, limit },
    );
  }

  async entries(tenant: string, { from, limit }: { from: number; limit: number }): Promise<readonly LogEntry[]> {
    return this.#rows<LogEntry>(
      tenant,
      // An entry whose stream is gone must still be seen: it is what fsck looks for.
      `SELECT e.id - :low AS "index", coalesce(s.name, '') AS stream, e.seq, e.bytes
       FROM entries e LEFT JOIN streams s ON s.id = e.stream WHERE e.id BETWEEN :low + :from AND min(:high, :low + :from + :limit - 1) ORDER BY e.id`,
      { from, limit },
    );
  }

  async lastOfStreams(tenant: string, streams: readonly string[]): Promise<readonly LogEntry[]> {
    // One statement for all of them: each is a transaction of its own, with locks to take and to give back.
    return this.#rows<LogEntry>(
      tenant,
      `SELECT e.id - :low AS "index", s.name AS stream, e.seq, e.bytes FROM json_each(:names) AS n
       CROSS JOIN streams s ON s.tenant = :tenant AND s.name = n.value
       JOIN entries e ON e.stream = s.id AND e.seq = (SELECT max(seq) FROM entries WHERE stream = s.id)`,
      { names: JSON.stringify(streams) },
    );
  }

  async stream(tenant: string, stream: string): Promise<readonly LogEntry[]> {
    return this.#rows<LogEntry>(
      tenant,
      `SELECT e.id - :low AS "index", s.name AS stream, e.seq, e.bytes FROM streams s JOIN entries e ON e.stream = s.id
       WHERE s.tenant = :tenant AND s.name = :stream ORDER BY e.seq`,
      { stream },
    );
  }

  async streams(
    tenant: string,
    options: { readonly correlation?: string; readonly after: number; readonly limit: number },
  ): Promise<readonly LogStream[]> {
    const { correlation, after, limit } = options;
    const where = correlation === undefined ? '' : 'AND s.correlation = :correlation';
    return this.#rows<LogStream>(
      tenant,
      `SELECT s.name AS stream, s.correlation, s.first FROM streams s
       WHERE s.tenant = :tenant AND s.first > :after ${where}
       AND EXISTS (SELECT 1 FROM entries e WHERE e.stream = s.id) ORDER BY s.first LIMIT :limit`,
      { after, limit, ...(correlation === undefined ? {} : { correlation }) },
    );
  }

  async payloads(tenant: string, indexes: readonly number[]): Promise<readonly (LogPayload | null)[]> {
    return guard(() => {
      const id = this.#tenantId(tenant);
      if (id !== undefined && isRun(indexes)) return this.#payloadRun(id, indexes);
      const select = this.#statement('SELECT salt, bytes FROM payloads WHERE id = ?');
      return indexes.map((index) => {
        if (id === undefined || !isIndex(index)) return null;
        return (select.get(entryId(id, index)) as unknown as LogPayload | undefined) ?? null;
      });
    });
  }

  async findContentKeys(
    tenant: string,
    identities: readonly Uint8Array[],
  ): Promise<readonly (LogContentKey & { readonly index: number })[]> {
    return identities.flatMap((identity) =>
      this.#rows<LogContentKey & { readonly index: number }>(
        tenant,
        `SELECT identity, content, entry - :low AS "index" FROM content_keys
         WHERE tenant = :tenant AND identity = :identity`,
        { identity },
      ),
    );
  }

  async tile(tenant: string, level: number, index: number): Promise<Uint8Array | null> {
    return guard(() => {
      const id = this.#tenantId(tenant);
      if (id === undefined) return null;
      const select = this.#statement('SELECT hashes FROM tiles WHERE id = ?');
      const row = select.get(tileId(id, level, index)) as { hashes: Uint8Array } | undefined;
      return row?.hashes ?? null;
    });
  }

  async tileRoots(
    tenant: string,
    level: number,
    { from, limit }: { readonly from: number; readonly limit: number },
  ): Promise<readonly Uint8Array[]> {
    return guard(() => {
      const id = this.#tenantId(tenant);
      if (id === undefined) return [];
      const select = this.#statement('SELECT root FROM tiles WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?');
      const rows = select.all(tileId(id, level, from), tileId(id, level, MAX_TILES - 1), limit);
      return rows.map(({ root }) => root as Uint8Array);
    });
  }

  async erasePayloads(tenant: string, indexes: readonly number[]): Promise<number> {
    assertTenant(tenant);
    const erased = this.#transaction(() => {
      const current = this.#tenant(tenant);
      if (current === undefined) return 0;
      let count = 0;
      for (const id of indexes.filter(isIndex).map((index) => entryId(current.id, index))) {
        count += Number(this.#statement('DELETE FROM payloads WHERE id = ?').run(id).changes);
        this.#statement('DELETE FROM content_keys WHERE entry = ?').run(id);
      }
      return count;
    });
    this.#emptyWal();
    return erased;
  }

  async prune(tenant: string, before: number): Promise<void> {
    assertTenant(tenant);
    this.#transaction(() => {
      const current = this.#tenant(tenant);
      if (!Number.isSafeInteger(before) || before < 0 || before > (current?.head.size ?? 0)) {
        throw new LogStoreError('STORE_ARGUMENT_INVALID', 'prune index does not fit the log');
      }
      if (current === undefined || before <= current.first) return;
      const range = [entryId(current.id, current.first), entryId(current.id, before) - 1];
      for (const table of ['entries', 'payloads']) {
        this.#statement(`DELETE FROM ${table} WHERE id BETWEEN ? AND ?`).run(...range);
      }
      this.#statement('DELETE FROM content_keys WHERE entry BETWEEN ? AND ?').run(...range);
      this.#statement('UPDATE tenants SET first = ? WHERE id = ?').run(before, current.id);
    });
    this.#emptyWal();
  }

  async firstIndex(tenant: string): Promise<number> {
    return guard(() => this.#tenant(tenant)?.first ?? 0);
  }

  async tenants(): Promise<readonly string[]> {
    return guard(() => {
      const rows = this.#statement('SELECT name FROM tenants WHERE size > 0 ORDER BY name').all();
      return rows.map(({ name }) => name as string);
    });
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    guard(() => this.#database.close());
  }

  /** The open connection, for backups and for the other tables of the file. */
  get database(): DatabaseSync {
    return this.#database;
  }

  /** Payloads of indexes that follow one another: one walk instead of a look-up each. */
  #payloadRun(tenant: number, indexes: readonly number[]): readonly (LogPayload | null)[] {
    const first = entryId(tenant, indexes[0] as number);
    const found: (LogPayload | null)[] = indexes.map(() => null);
    const select = this.#statement('SELECT id, salt, bytes FROM payloads WHERE id BETWEEN ? AND ?');
    for (const row of select.all(first, first + indexes.length - 1)) {
      const { id, salt, bytes } = row as unknown as LogPayload & { readonly id: number };
      found[id - first] = { salt, bytes };
    }
    return found;
  }

  #insertNotes(tenant: number, notes: readonly LogNote[]): void {
    const insert = this.#statement('INSERT OR IGNORE INTO notes VALUES (?, ?)');
    for (const { size, note } of notes) insert.run(entryId(tenant, size), note);
  }

  /** Compare-and-set of the head: the tenant's number, or undefined when the store has another head. */
  #moveHead(tenant: string, expected: LogHead, next: LogHead): number | undefined {
    const known = this.#tenantIds.get(tenant);
    if (known === undefined) {
      const current = this.#tenant(tenant);
      const head = current?.head ?? emptyHead();
      if (head.size !== expected.size || !equalBytes(head.root, expected.root)) return undefined;
      if (current === undefined) {
        const insert = this.#statement('INSERT INTO tenants (name, size, root, first) VALUES (?, ?, ?, 0)');
        // Not remembered: the transaction may still be rolled back.
        return Number(insert.run(tenant, next.size, next.root).lastInsertRowid);
      }
      this.#tenantIds.set(tenant, current.id);
      return this.#moveHead(tenant, expected, next);
    }
    const update = this.#statement(
      'UPDATE tenants SET size = ?, root = ? WHERE id = ? AND name = ? AND size = ? AND root = ?',
    );
    const { changes } = update.run(next.size, next.root, known, tenant, expected.size, expected.root);
    return changes === 1 ? known : undefined;
  }

  #tenant(name: string): Tenant | undefined {
    assertTenant(name);
    const row = this.#statement('SELECT id, size, root, first FROM tenants WHERE name = ?').get(name) as
      | { id: number; size: number; root: Uint8Array; first: number }
      | undefined;
    return row && { id: row.id, head: { size: row.size, root: row.root }, first: row.first };
  }

  /** A tenant keeps its number for good, so it is looked up once; by reads alone, which never stand inside of a transaction. */
  #tenantId(name: string): number | undefined {
    const known = this.#tenantIds.get(name);
    if (known !== undefined) return known;
    const id = this.#tenant(name)?.id;
    if (id !== undefined) this.#tenantIds.set(name, id);
    return id;
  }

  /** Rows of one tenant; `:tenant`, `:low` and `:high` (its first and last entry id) are given to every query that uses them. */
  #rows<Row>(
    tenant: string,
    sql: string,
    parameters: Record<string, string | number | Uint8Array> = {},
  ): readonly Row[] {
    return guard(() => {
      const id = this.#tenantId(tenant);
      return id === undefined ? [] : this.#select<Row>(id, sql, parameters);
    });
  }

  #select<Row>(tenant: number, sql: string, parameters: Record<string, string | number | Uint8Array>): readonly Row[] {
    let uses = this.#bounds.get(sql);
    if (uses === undefined) {
      uses = { tenant: sql.includes(':tenant'), low: sql.includes(':low'), high: sql.includes(':high') };
      this.#bounds.set(sql, uses);
    }
    const given: Record<string, string | number | Uint8Array> = { ...parameters };
    if (uses.tenant) given.tenant = tenant;
    if (uses.low) given.low = entryId(tenant, 0);
    if (uses.high) given.high = entryId(tenant + 1, 0) - 1;
    return this.#statement(sql).all(given) as unknown as readonly Row[];
  }

  #statement(sql: string): StatementSync {
    if (!this.#database.isOpen) throw new LogStoreError('STORE_CLOSED', 'store is closed');
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #transaction<T>(action: () => T): T {
    return guard(() => {
      this.#statement('BEGIN IMMEDIATE').run();
      try {
        const result = action();
        this.#statement('COMMIT').run();
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Erased bytes also stand in the write-ahead log until it is written back and cut. */
  #emptyWal(): void {
    guard(() => {
      const row = this.#statement('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      if (row.busy !== 0)
        throw new LogStoreError('STORE_BUSY', 'erased bytes remain in the write-ahead log: it is in use');
    });
  }
}

/** Opens the log store in a SQLite file. @throws LogStoreError */
export function openSqliteLogStore(options: SqliteLogStoreOptions): SqliteLogStore {
  return SqliteLogStore.open(options);
}

/** The connection of a reader, which SQLite itself keeps from writing. */
function openForReading(path: string, busyTimeoutMs: number): DatabaseSync {
  assertFile(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: true });
  try {
    database.exec('PRAGMA query_only = ON');
    assertCurrent(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function emptyHead(): LogHead {
  return { size: 0, root: emptyRoot() };
}

function entryId(tenant: number, index: number): number {
  return tenant * MAX_ENTRIES + index;
}

function tileId(tenant: number, level: number, index: number): number {
  return (tenant * 8 + level) * MAX_TILES + index;
}

function isRun(indexes: readonly number[]): boolean {
  const [first] = indexes;
  return first !== undefined && isIndex(first) && indexes.every((index, offset) => index === first + offset);
}

function isIndex(index: number): boolean {
  return Number.isSafeInteger(index) && index >= 0 && index < MAX_ENTRIES;
}

/** @throws LogStoreError STORE_TENANT_INVALID */
export function assertTenant(name: string): void {
  if (!scopeNameSchema.safeParse(name).success) {
    throw new LogStoreError('STORE_TENANT_INVALID', 'tenant name is not valid');
  }
}
