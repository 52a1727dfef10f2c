import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { parseJson } from '@exoarmur/canonical';
import { isExoArmurError, LogStoreError } from '@exoarmur/contracts';
import { guard } from './sqlite-error.ts';
import { assertTenant, type SqliteLogStore } from './sqlite-log-store.ts';

/** Largest JSON text kept in a column unless told, in bytes; a request for approval carries a whole intent and a preview. */
const MAX_COLUMN_BYTES = 4_194_304;

/** A step that waits for its turn: `run` gives what to call once it is durable. */
interface WaitingStep {
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One tenant's view of the tables beside the log. Every statement binds the tenant as `:tenant`, so a driver built on it
 * cannot name another's rows. A statement that changes something is durable when it returns. @throws LogStoreError
 */
export class TenantConnection {
  readonly #store: SqliteLogStore;
  readonly #tenant: string;
  readonly #statements = new Map<string, StatementSync>();
  readonly #waiting: WaitingStep[] = [];

  /** @throws LogStoreError STORE_TENANT_INVALID */
  constructor(store: SqliteLogStore, tenant: string) {
    assertTenant(tenant);
    this.#store = store;
    this.#tenant = tenant;
  }

  /** Answers how many rows changed. */
  run(sql: string, values: Record<string, SQLInputValue> = {}): number {
    return guard(() => Number(this.#statement(sql).run({ tenant: this.#tenant, ...values }).changes));
  }

  rows<Row>(sql: string, values: Record<string, SQLInputValue> = {}): readonly Row[] {
    return guard(() => this.#statement(sql).all({ tenant: this.#tenant, ...values }) as unknown as readonly Row[]);
  }

  /** Runs statements as one step over all processes that share the file. */
  atomically<T>(action: () => T): T {
    const { database } = this.#store;
    return guard(() => {
      this.#assertOpen();
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = action();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /**
   * Runs a step as {@link TenantConnection.atomically} does, in one transaction with the steps that were handed in during the
   * same turn: they share the wait for the disk. A step that throws takes back what its failing statement did and nothing
   * else, so it writes in its last statement only. Resolves when the step is durable.
   */
  together<T>(step: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        run: () => {
          const result = guard(step);
          return () => resolve(result);
        },
        reject,
      });
      if (this.#waiting.length === 1) setImmediate(() => this.#runWaiting());
    });
  }

  #runWaiting(): void {
    const steps = this.#waiting.splice(0);
    try {
      const answers = this.atomically(() =>
        steps.map(({ run, reject }) => {
          try {
            return run();
          } catch (error) {
            // Some errors end the transaction; the steps before it are gone with it.
            if (!this.#store.database.isTransaction) throw error;
            return () => reject(error);
          }
        }),
      );
      for (const answer of answers) answer();
    } catch (error) {
      // Nothing of it counts, whatever a step had found.
      for (const { reject } of steps) reject(error);
    }
  }

  #statement(sql: string): StatementSync {
    this.#assertOpen();
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#store.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #assertOpen(): void {
    if (!this.#store.database.isOpen) throw new LogStoreError('STORE_CLOSED', 'store is closed');
  }
}

/** Reads a JSON column back. @throws LogStoreError STORE_CORRUPT when `read` finds another shape */
export function readColumn<T>(
  text: string,
  read: (value: unknown) => T | undefined,
  maxBytes: number = MAX_COLUMN_BYTES,
): T {
  let value: T | undefined;
  try {
    value = read(parseJson(text, { maxBytes }));
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
  }
  if (value === undefined) throw new LogStoreError('STORE_CORRUPT', 'a row beside the log is not what was written');
  return value;
}
