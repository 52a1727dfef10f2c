import { createTree, hashLeaf, verifyInclusion } from '@exoarmur/canonical';
import { correlationOf, nextDraft, openBenchLog, streamOf } from './audit-log.ts';
import type { Group } from './main.ts';

const TILE = 256;

/**
 * A bare loop that writes the same rows, of the same sizes and names, into the same tables with the same durability, in one
 * transaction a call, and does nothing else: no canonical JSON, no hash, no tree, no signature, no look at the head, no head
 * file. What it reaches is what the disk and SQLite give to whoever writes a row at a time.
 */
const bareLoop = (name: string) => {
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

const append = (name: string) => {
  const { log } = openBenchLog(name);
  return async (records: number) => {
    if (records === 1) await log.appendCell(nextDraft());
    else await Promise.all(Array.from({ length: records }, () => log.appendCell(nextDraft())));
  };
};

const groupOf = (records: number, title: string): Group => {
  const bare = bareLoop(`bare-${records}`);
  const ours = append(`log-${records}`);
  return {
    name: `${title}; rates are batches, ${records} record${records === 1 ? '' : 's'} each`,
    baseline: 'bare SQLite loop',
    tasks: { 'bare SQLite loop': () => bare(records), 'exoarmur, signed and acknowledged': () => ours(records) },
  };
};

const proof = (() => {
  const tree = createTree();
  for (let i = 0; i < 2 ** 16; i++) tree.append(hashLeaf(new TextEncoder().encode(String(i))));
  const index = 40_000;
  const leafHash = hashLeaf(new TextEncoder().encode(String(index)));
  return { index, size: tree.size, leafHash, root: tree.root(), path: tree.proveInclusion(index, tree.size) };
})();

/** What is measured about the record log, beside a bare loop over the same tables in the same run. */
export const groups: readonly Group[] = [
  groupOf(1, 'durable append, one at a time'),
  groupOf(16, 'durable append, 16 at once'),
  groupOf(256, 'durable append, 256 at once'),
  groupOf(1024, 'durable append, 1,024 at once'),
  {
    name: 'inclusion proof in a tree of 65,536',
    baseline: 'verifyInclusion',
    tasks: { verifyInclusion: () => verifyInclusion(proof) },
  },
];
