import { equalBytes, hashLeaf, parseCheckpoint, parseVerifierKey, verifyCheckpoint } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  type Digest,
  isExoArmurError,
  type LogEntry,
  type LogHeadKeeper,
  type LogNote,
  type LogPayload,
  type LogStream,
  type SealedRecord,
} from '@exoarmur/contracts';
import { type GrowingTree, TILE_WIDTH } from '../internal/growing-tree.ts';
import { LogTree } from '../internal/log-tree.ts';
import { hashRecord, parseRecord } from '../reader/record.ts';
import { commitBytes } from '../writer/draft.ts';

/** What can be wrong with a stored log. */
export type FsckFindingCode =
  | 'entry_malformed'
  | 'entry_missing'
  | 'entry_scope_mismatch'
  | 'entry_column_mismatch'
  | 'head_size_mismatch'
  | 'head_root_mismatch'
  | 'kept_head_ahead'
  | 'kept_head_mismatch'
  | 'note_malformed'
  | 'note_root_mismatch'
  | 'note_signature_invalid'
  | 'payload_mismatch'
  | 'stream_listing_mismatch'
  | 'stream_prev_mismatch'
  | 'stream_reopened'
  | 'stream_seq_not_dense'
  | 'tile_mismatch'
  | 'tile_missing';

/** The first place where the store lies. */
export interface FsckFinding {
  readonly code: FsckFindingCode;
  /** Index of the record, or size of the tree, that it is about. */
  readonly index: number;
  readonly detail: string;
}

/** What was rebuilt, whether or not it was sound. */
export interface FsckCounts {
  readonly records: number;
  readonly streams: number;
  readonly payloads: number;
  /** Records whose payload is not there any more. */
  readonly erased: number;
  readonly notes: number;
  readonly tiles: number;
}

/** The answer of {@link fsckLog}. */
export type FsckReport =
  | { readonly outcome: 'sound'; readonly size: number; readonly root: Uint8Array; readonly counts: FsckCounts }
  | { readonly outcome: 'unsound'; readonly finding: FsckFinding; readonly counts: FsckCounts };

/** What to check, and against what. */
export interface FsckOptions {
  readonly store: AuditLogStore;
  readonly tenant: string;
  /** C2SP verifier key of the log; signatures of stored notes are checked against it. */
  readonly vkey: string;
  /** Where the last signed head is kept apart from the store. */
  readonly heads?: LogHeadKeeper;
  /** Told the number of records done, about every 10,000. */
  readonly onProgress?: (done: number, size: number) => void;
}

const PAGE = 1000;

/**
 * Rebuilds the tree, the streams and every checkpoint from the entries alone and compares the store with them. Memory
 * grows with the number of open streams only. Never throws on what the store holds; errors of the store itself pass.
 */
export async function fsckLog(options: FsckOptions): Promise<FsckReport> {
  const run = new FsckRun(options);
  try {
    const { size, root } = await run.check();
    return { outcome: 'sound', size, root, counts: run.counts };
  } catch (error) {
    if (!(error instanceof Unsound)) throw error;
    return { outcome: 'unsound', finding: error.finding, counts: run.counts };
  }
}

class Unsound extends Error {
  readonly finding: FsckFinding;

  constructor(code: FsckFindingCode, index: number, detail: string) {
    super(code);
    this.finding = { code, index, detail };
  }
}

interface OpenStream {
  readonly count: number;
  readonly head: Digest;
}

class FsckRun {
  readonly counts = { records: 0, streams: 0, payloads: 0, erased: 0, notes: 0, tiles: 0 };
  readonly #options: FsckOptions;
  readonly #tree: LogTree;
  readonly #open = new Map<string, OpenStream>();
  #notes: LogNote[] = [];
  #noteAfter = 0;
  #listed: LogStream[] = [];
  #listedAfter = -1;

  constructor(options: FsckOptions) {
    this.#options = options;
    this.#tree = new LogTree(options.store, options.tenant);
  }

  async check(): Promise<{ readonly size: number; readonly root: Uint8Array }> {
    const { store, tenant, onProgress } = this.#options;
    const head = await store.head(tenant);
    const first = await store.firstIndex(tenant);
    if (first % TILE_WIDTH !== 0) throw new Unsound('entry_missing', first, 'pruned inside a tile');
    const growing = await this.#beginAt(first);
    this.#noteAfter = first;
    this.#listedAfter = first - 1;
    await this.#nextNotes();
    await this.#nextListed();
    for (let from = first; from < head.size; from += PAGE) {
      const entries = await store.entries(tenant, { from, limit: Math.min(PAGE, head.size - from) });
      const payloads = await store.payloads(
        tenant,
        entries.map(({ index }) => index),
      );
      for (const [offset, entry] of entries.entries()) {
        const index = from + offset;
        if (entry.index !== index) throw new Unsound('entry_missing', index, `next entry is ${entry.index}`);
        await this.#checkEntry(entry, payloads[offset] ?? null, first);
        growing.append(hashLeaf(entry.bytes));
        await this.#checkTiles(growing);
        await this.#checkNotesAt(growing);
      }
      const expected = Math.min(PAGE, head.size - from);
      if (entries.length !== expected) throw new Unsound('entry_missing', from + entries.length, 'page ends early');
      if ((from - first) % (10 * PAGE) === 0) onProgress?.(from, head.size);
    }
    await this.#checkEnd(growing, head);
    return { size: head.size, root: head.root };
  }

  async #beginAt(first: number): Promise<GrowingTree> {
    try {
      return await this.#tree.grow(first);
    } catch (error) {
      if (isExoArmurError(error) && error.code === 'AUDIT_LOG_CORRUPT')
        throw new Unsound('tile_missing', first, error.message);
      throw error;
    }
  }

  async #checkEntry(entry: LogEntry, payload: LogPayload | null, first: number): Promise<void> {
    const { index } = entry;
    const record = readRecord(entry);
    if (record.tenant !== this.#options.tenant) throw new Unsound('entry_scope_mismatch', index, 'another tenant');
    if (record.stream !== entry.stream || record.seq !== entry.seq) {
      throw new Unsound('entry_column_mismatch', index, 'stream or seq beside the record is not its own');
    }
    await this.#checkPosition(record, index, first);
    const isEnd = ['stream_closed', 'ambiguity_resolved', 'event_ingested'].includes(record.kind);
    if (isEnd) this.#open.delete(record.stream);
    else this.#open.set(record.stream, { count: record.seq + 1, head: hashRecord(entry.bytes) });
    if (record.seq === 0) await this.#checkListed(record, index);
    this.counts.records++;
    if (payload === null) {
      this.counts.erased++;
      return;
    }
    this.counts.payloads++;
    const { digest, size } = record.payload;
    if (
      payload.salt.length !== 16 ||
      payload.bytes.length !== size ||
      commitBytes(payload.salt, payload.bytes) !== digest
    ) {
      throw new Unsound('payload_mismatch', index, 'payload is not the one the record commits to');
    }
  }

  async #checkPosition(record: SealedRecord, index: number, first: number): Promise<void> {
    const known = this.#open.get(record.stream);
    if (known === undefined) {
      if (record.seq === 0 && record.prev === null) return;
      // Its beginning may have been pruned; a stream that ended before is not open any more.
      const entries = await this.#options.store.stream(this.#options.tenant, record.stream);
      const isContinued = first > 0 && entries[0]?.index === index;
      if (isContinued || isResolution(record, entries)) return;
      const code = entries.some((entry) => entry.index < index) ? 'stream_reopened' : 'stream_seq_not_dense';
      throw new Unsound(code, index, `record ${record.seq} has no open stream to follow`);
    }
    if (record.seq !== known.count) throw new Unsound('stream_seq_not_dense', index, `expected ${known.count}`);
    if (record.prev !== known.head) throw new Unsound('stream_prev_mismatch', index, `expected ${known.head}`);
  }

  /** The list of streams is an index too: its next line must be the stream that begins here. */
  async #checkListed(record: SealedRecord, index: number): Promise<void> {
    const [listed] = this.#listed;
    if (listed?.first !== index || listed.stream !== record.stream || listed.correlation !== record.correlation) {
      throw new Unsound('stream_listing_mismatch', index, 'list of streams does not have this one here');
    }
    this.counts.streams++;
    this.#listed.shift();
    if (this.#listed.length === 0) await this.#nextListed();
  }

  async #checkTiles(growing: GrowingTree): Promise<void> {
    const { store, tenant } = this.#options;
    for (const { level, index, hashes, root } of growing.takeFullTiles()) {
      const stored = await store.tile(tenant, level, index);
      const [storedRoot] = await store.tileRoots(tenant, level, index);
      if (stored === null) throw new Unsound('tile_missing', growing.size, `tile ${level}/${index}`);
      if (!equalBytes(stored, hashes) || storedRoot === undefined || !equalBytes(storedRoot, root)) {
        throw new Unsound('tile_mismatch', growing.size, `tile ${level}/${index}`);
      }
      this.counts.tiles++;
    }
  }

  async #checkNotesAt(growing: GrowingTree): Promise<void> {
    while (this.#notes[0]?.size === growing.size) {
      checkNote(this.#notes[0], growing, this.#options.vkey);
      this.counts.notes++;
      this.#notes.shift();
      if (this.#notes.length === 0) await this.#nextNotes();
    }
  }

  async #checkEnd(growing: GrowingTree, head: { readonly size: number; readonly root: Uint8Array }): Promise<void> {
    const { store, tenant, heads } = this.#options;
    const beyond = await store.entries(tenant, { from: head.size, limit: 1 });
    if (beyond.length > 0) throw new Unsound('head_size_mismatch', head.size, 'there are entries after the head');
    if (!equalBytes(growing.root(), head.root))
      throw new Unsound('head_root_mismatch', head.size, 'root of the entries is another');
    const [note] = this.#notes;
    if (note !== undefined) throw new Unsound('note_root_mismatch', note.size, 'signed size is not a size of this log');
    const [listed] = this.#listed;
    if (listed !== undefined) throw new Unsound('stream_listing_mismatch', listed.first, 'listed stream has no record');
    const kept = (await heads?.read(tenant)) ?? null;
    if (kept === null) return;
    if (kept.size > head.size) {
      throw new Unsound('kept_head_ahead', head.size, `size ${kept.size} was signed; an older state was restored`);
    }
    if (!equalBytes(await this.#tree.root(kept.size), kept.root)) {
      throw new Unsound('kept_head_mismatch', kept.size, 'log no longer contains the tree that was signed');
    }
  }

  async #nextNotes(): Promise<void> {
    const { store, tenant } = this.#options;
    this.#notes = [...(await store.notes(tenant, { after: this.#noteAfter, limit: PAGE }))];
    this.#noteAfter = this.#notes.at(-1)?.size ?? this.#noteAfter;
  }

  async #nextListed(): Promise<void> {
    const { store, tenant } = this.#options;
    this.#listed = [...(await store.streams(tenant, { after: this.#listedAfter, limit: PAGE }))];
    this.#listedAfter = this.#listed.at(-1)?.first ?? this.#listedAfter;
  }
}

function readRecord(entry: LogEntry): SealedRecord {
  try {
    return parseRecord(entry.bytes);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw new Unsound('entry_malformed', entry.index, error.message);
  }
}

function checkNote({ size, note }: LogNote, growing: GrowingTree, vkey: string): void {
  const key = parseVerifierKey(vkey);
  let checkpoint: ReturnType<typeof parseCheckpoint>;
  try {
    checkpoint = parseCheckpoint(note);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw new Unsound('note_malformed', size, error.code);
  }
  if (checkpoint.size !== size || checkpoint.origin !== key.name)
    throw new Unsound('note_malformed', size, 'another log or size');
  if (!equalBytes(checkpoint.root, growing.root()))
    throw new Unsound('note_root_mismatch', size, 'root of the entries is another');
  const verdict = verifyCheckpoint(note, [key]);
  if (verdict.outcome === 'invalid') throw new Unsound('note_signature_invalid', size, verdict.failures[0].reason);
}

/** Whether a record is what may follow the end of an action: it stands right after it and on it. */
function isResolution(record: SealedRecord, entries: readonly LogEntry[]): boolean {
  const end = entries.find(({ seq }) => seq === record.seq - 1);
  if (record.kind !== 'ambiguity_resolved' || end === undefined) return false;
  return readRecord(end).kind === 'stream_closed' && hashRecord(end.bytes) === record.prev;
}
