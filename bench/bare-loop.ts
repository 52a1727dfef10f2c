import { correlationOf, openBenchLog, streamOf } from './audit-log.ts';

const TILE = 256;

/**
 * A bare loop that writes the same rows, of the same sizes and names, into the same tables with the same durability, in one
 * transaction a call, and does nothing else: no canonical JSON, no hash, no tree, no signature, no look at the head, no head
 * file. What it reaches is what the disk and SQLite give to whoever writes a row at a time.
 */
export const bareLoop = (name: string): ((records: number) => void) => {
  const { database } = openBenchLog(name).store;
  database.exec("INSERT INTO tenants VALUES (1, 'demo', 0, zeroblob(32), 0)");
  const insertStream = database.prepare('INSERT INTO streams VALUES (?, 1, ?, ?, ?)');
  const insertEntry = database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?)');
  const insertPayload = database.prepare('INSERT INTO payloads VALUES (?, ?, ?)');
  const insertTile = database.prepare('INSERT INTO tiles VALUES (?, ?, ?)');
  const insertNote = database.prepare('INSERT INTO notes VALUES (?, ?)');
  const updateTenant = database.prepare('UPDATE tenants SET size = ?, root = ? WHERE id = 1');
  const entry = new Uint8Array(470).fill(65);
  const payload = new Uint8Array(130).fill(66);
  const salt = new Uint8Array(16);
  const root = new Uint8Array(32);
  const tile = new Uint8Array(TILE * 32);
  const note = 'n'.repeat(182);
  const base = 2 ** 36;
  let size = 0;
  return (records: number) => {
    database.exec('BEGIN IMMEDIATE');
    for (let i = 0; i < records; i++, size++) {
      const stream = Math.floor(size / 6) + 1;
      if (size % 6 === 0) insertStream.run(stream, streamOf(size), correlationOf(size), size);
      insertEntry.run(base + size, stream, size % 6, entry);
      insertPayload.run(base + size, salt, payload);
      if (size % TILE === TILE - 1) insertTile.run(size, tile, root);
    }
    insertNote.run(base + size, note);
    updateTenant.run(size, root);
    database.exec('COMMIT');
  };
};
