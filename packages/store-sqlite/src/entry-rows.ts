import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { LogStoreError, type NewLogEntry } from '@exoarmur/contracts';

/** Rows of one INSERT. Fewer pay for a call more often than need be, more win nothing. */
const ROWS_AT_ONCE = 8;

/** Stream names whose number is remembered; numbers never change, so the list may be dropped at any time. */
const MAX_STREAM_IDS = 20_000;

/** How rows get into a table. */
interface Insertion {
  readonly columns: number;
  readonly one: string;
  readonly several: string;
}

const ENTRIES = insertionInto('entries', 4);
const PAYLOADS = insertionInto('payloads', 3);

/** Numbers of streams that a transaction looked up or gave; they hold once it is committed. */
export type StreamNumbers = ReadonlyMap<string, number>;

/** Entries of one tenant that follow one another, and where the first of them stands. */
export interface EntryRun {
  readonly entries: readonly NewLogEntry[];
  readonly firstIndex: number;
  readonly firstId: number;
}

/**
 * Writes the rows of a batch: entries, payloads, content keys, and the streams that begin with it. Runs inside of a
 * transaction of its caller.
 */
export class EntryRows {
  readonly #statement: (sql: string) => StatementSync;
  /** By tenant number and name. */
  readonly #streamIds = new Map<number, Map<string, number>>();
  #streamCount = 0;

  constructor(statement: (sql: string) => StatementSync) {
    this.#statement = statement;
  }

  /** Inserts the entries of a tenant. @throws LogStoreError STORE_ARGUMENT_INVALID, errors of SQLite */
  insert(tenant: number, { entries, firstIndex, firstId }: EntryRun): StreamNumbers {
    const numbers = new Map<string, number>();
    const entryValues: SQLInputValue[] = [];
    const payloadValues: SQLInputValue[] = [];
    for (let offset = 0; offset < entries.length; offset++) {
      const { stream, correlation, seq, bytes, payload, contentKey } = entries[offset] as NewLogEntry;
      const id = firstId + offset;
      let streamId = this.#streamIds.get(tenant)?.get(stream) ?? numbers.get(stream);
      if (streamId === undefined) {
        streamId =
          seq === 0 ? this.#begin(tenant, stream, correlation, firstIndex + offset) : this.#find(tenant, stream);
        if (streamId === undefined) {
          throw new LogStoreError('STORE_ARGUMENT_INVALID', 'position in the stream does not fit the log');
        }
        numbers.set(stream, streamId);
      }
      entryValues.push(id, streamId, seq, bytes);
      payloadValues.push(id, payload.salt, payload.bytes);
      if (contentKey === undefined) continue;
      const insertKey = this.#statement('INSERT INTO content_keys VALUES (?, ?, ?, ?)');
      insertKey.run(tenant, contentKey.identity, contentKey.content, id);
    }
    this.#insertRows(ENTRIES, entryValues);
    this.#insertRows(PAYLOADS, payloadValues);
    return numbers;
  }

  /** Keeps what {@link EntryRows.insert} answered; its transaction is committed. */
  remember(tenant: number, numbers: StreamNumbers): void {
    if (this.#streamCount + numbers.size > MAX_STREAM_IDS) {
      this.#streamIds.clear();
      this.#streamCount = 0;
    }
    let known = this.#streamIds.get(tenant);
    if (known === undefined) {
      known = new Map();
      this.#streamIds.set(tenant, known);
    }
    for (const [name, id] of numbers) known.set(name, id);
    this.#streamCount += numbers.size;
  }

  #insertRows({ columns, one, several }: Insertion, values: readonly SQLInputValue[]): void {
    const step = columns * ROWS_AT_ONCE;
    let from = 0;
    for (; from + step <= values.length; from += step) {
      this.#statement(several).run(...values.slice(from, from + step));
    }
    for (; from < values.length; from += columns) {
      this.#statement(one).run(...values.slice(from, from + columns));
    }
  }

  /** The number of a new stream, or of one whose records were all pruned. */
  #begin(tenant: number, name: string, correlation: string, first: number): number | undefined {
    const insert = this.#statement(
      'INSERT INTO streams (tenant, name, correlation, first) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, name) DO NOTHING',
    );
    const { changes, lastInsertRowid } = insert.run(tenant, name, correlation, first);
    return changes === 1 ? Number(lastInsertRowid) : this.#find(tenant, name);
  }

  #find(tenant: number, name: string): number | undefined {
    const select = this.#statement('SELECT id FROM streams WHERE tenant = ? AND name = ?');
    return (select.get(tenant, name) as { id: number } | undefined)?.id;
  }
}

function insertionInto(table: string, columns: number): Insertion {
  const row = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
  const insert = `INSERT INTO ${table} VALUES ${row}`;
  return { columns, one: insert, several: `${insert}${`, ${row}`.repeat(ROWS_AT_ONCE - 1)}` };
}
