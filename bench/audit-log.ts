import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import type { CellDraft } from '@exoarmur/contracts';
import { type HeadFileKeeper, openHeadFiles, openSqliteLogStore, type SqliteLogStore } from '@exoarmur/store-sqlite';

const ORIGIN = 'cell.example/demo';
const folder = mkdtempSync(join(tmpdir(), 'exoarmur-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Random bytes from a pool, so that the source of salts is not what is measured. */
const random = (() => {
  const pool = new Uint8Array(65_536);
  let offset = pool.length;
  return {
    bytes(length: number): Uint8Array {
      if (offset + length > pool.length) {
        randomFillSync(pool);
        offset = 0;
      }
      offset += length;
      return pool.slice(offset - length, offset);
    },
  };
})();

/** A durable log in a fresh file, with its own head file. */
export function openBenchLog(name: string): {
  readonly log: AuditLog;
  readonly store: SqliteLogStore;
  readonly heads: HeadFileKeeper;
  /** Of the database. */
  readonly path: string;
} {
  const path = join(folder, `${name}.db`);
  const store = openSqliteLogStore({ path });
  const heads = openHeadFiles(join(folder, `${name}-heads`));
  const clock = { now: () => Date.now() };
  const signer = createSigner(ORIGIN, new Uint8Array(32).fill(1));
  const log = createAuditLog({ store, heads, signer, clock, random, tenant: 'demo', cell: 'cell', origin: ORIGIN });
  return { log, store, heads, path };
}

/** Name of the stream of the record with this number: six of them make one, as the records of an action do. */
export const streamOf = (number: number): string => `stream-${String(Math.floor(number / 6)).padStart(33, '0')}`;

/** Name of its correlation. */
export const correlationOf = (number: number): string => `session-${String(Math.floor(number / 60)).padStart(33, '0')}`;

let drafted = 0;

/** A fact of 600 bytes: 470 sealed, 130 of payload. Names are as long as those that actions get. */
export function nextDraft(): CellDraft {
  const number = drafted++;
  return {
    stream: streamOf(number),
    correlation: correlationOf(number),
    trace: null,
    actor: { type: 'boundary', id: 'cell' },
    kind: 'switch_changed',
    payload: { note: 'x'.repeat(107), number },
  };
}
