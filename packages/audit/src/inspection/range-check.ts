import {
  commitPayloadBytes,
  equalBytes,
  identifyLeaf,
  parseCheckpoint,
  parseVerifierKey,
  type VerifierKey,
  verifyCheckpoint,
} from '@exoarmur/canonical';
import {
  type AuditLogStore,
  type Digest,
  isExoArmurError,
  type LogEntry,
  type LogNote,
  type LogPayload,
  type LogStream,
  type SealedRecord,
} from '@exoarmur/contracts';
import { type GrowingTree, TILE_WIDTH } from '../internal/growing-tree.ts';
import { LogTree } from '../internal/log-tree.ts';
import { hashRecord, parseRecord } from '../reader/record.ts';
import { Unsound } from './finding.ts';
import type { EnteringStream, LogRange, OpenStream, RangeSurvey } from './range-survey.ts';

/** Records read at once: more of them outlive the young generation of the collector. */
const PAGE = 256;

/** Which part of whose log, and with which key its notes are signed. */
export interface RangeCheckOptions {
  readonly store: AuditLogStore;
  readonly tenant: string;
  readonly vkey: string;
  readonly range: LogRange;
  /** First index that was not pruned. */
  readonly first: number;
  /** Told the number of records done, about every 10,000. */
  readonly onProgress?: (done: number) => void;
}

interface Position {
  readonly count: number;
  readonly head: Digest;
}

/**
 * Rebuilds one part of a log from its entries and compares tiles, streams and notes with it. What stands before the part is
 * taken from the tiles and from the streams themselves: the survey says on what it stood, for the one who puts parts together.
 */
export class RangeCheck {
  readonly counts = { records: 0, streams: 0, payloads: 0, erased: 0, notes: 0, tiles: 0 };
  readonly #options: RangeCheckOptions;
  readonly #tree: LogTree;
  readonly #key: VerifierKey;
  readonly #open = new Map<string, Position>();
  readonly #entering = new Map<string, EnteringStream>();
  readonly #begun: string[] = [];
  #notes: LogNote[] = [];
  #noteAfter = 0;
  #listed: LogStream[] = [];
  #listedAfter = -1;

  constructor(options: RangeCheckOptions) {
    this.#options = options;
    this.#tree = new LogTree(options.store, options.tenant);
    this.#key = parseVerifierKey(options.vkey);
  }

  /** @throws Unsound at the first place where the store lies. */
  async check(): Promise<RangeSurvey> {
    const { store, tenant, range, onProgress } = this.#options;
    const growing = await this.#beginAt(range.from);
    const base = growing.root();
    this.#noteAfter = range.from;
    this.#listedAfter = range.from - 1;
    await this.#nextNotes();
    await this.#nextListed();
    for (let from = range.from; from < range.to; from += PAGE) {
      const limit = Math.min(PAGE, range.to - from);
      const entries = await store.entries(tenant, { from, limit });
      const indexes = entries.map(({ index }) => index);
      const payloads = await store.payloads(tenant, indexes);
      for (let offset = 0; offset < entries.length; offset++) {
        const index = from + offset;
        const entry = entries[offset] as LogEntry;
        if (entry.index !== index) throw new Unsound('entry_missing', index, `next entry is ${entry.index}`);
        const { hash, digest } = identifyLeaf(entry.bytes);
        const record = this.#checkScope(entry);
        // Few records have something to wait for, and a turn of the microtask queue for each adds up.
        const known = this.#open.get(record.stream);
        if (known !== undefined) checkNext(record, known, index);
        else if (!this.#begins(record, index)) await this.#checkContinued(record, index);
        if (endsForGood(record)) this.#open.delete(record.stream);
        else this.#open.set(record.stream, { count: record.seq + 1, head: digest });
        if (record.seq === 0) {
          this.#checkListed(record, index);
          if (this.#listed.length === 0) await this.#nextListed();
        }
        this.#checkPayload(record, index, payloads[offset] ?? null);
        growing.append(hash);
        if (growing.hasFullTiles) await this.#checkTiles(growing);
        if (this.#notes[0]?.size === growing.size) await this.#checkNotesAt(growing);
      }
      if (entries.length !== limit) throw new Unsound('entry_missing', from + entries.length, 'page ends early');
      if ((from - range.from) % (40 * PAGE) === 0) onProgress?.(from - range.from);
    }
    this.#checkNothingLeft();
    return this.#survey(base, growing.root());
  }

  async #beginAt(from: number): Promise<GrowingTree> {
    if (from % TILE_WIDTH !== 0) throw new Unsound('entry_missing', from, 'pruned inside a tile');
    try {
      return await this.#tree.grow(from);
    } catch (error) {
      if (isExoArmurError(error) && error.code === 'AUDIT_LOG_CORRUPT')
        throw new Unsound('tile_missing', from, error.message);
      throw error;
    }
  }

  #checkScope(entry: LogEntry): SealedRecord {
    const record = readRecord(entry);
    const { index } = entry;
    if (record.tenant !== this.#options.tenant) throw new Unsound('entry_scope_mismatch', index, 'another tenant');
    if (record.stream !== entry.stream || record.seq !== entry.seq) {
      throw new Unsound('entry_column_mismatch', index, 'stream or seq beside the record is not its own');
    }
    return record;
  }

  #checkPayload(record: SealedRecord, index: number, payload: LogPayload | null): void {
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
      commitPayloadBytes(payload.salt, payload.bytes) !== digest
    ) {
      throw new Unsound('payload_mismatch', index, 'payload is not the one the record commits to');
    }
  }

  /** Whether a record of a stream that is not open may stand here, as far as this part can tell: it begins it, or enters with it. */
  #begins({ stream, seq, prev, kind }: SealedRecord, index: number): boolean {
    if (seq === 0 && prev === null) {
      this.#begun.push(stream);
      return true;
    }
    // Whether it was open before this part is for the one who sees the part before.
    const { first, range } = this.#options;
    if (range.from <= first || kind === 'ambiguity_resolved' || this.#entering.has(stream)) return false;
    this.#entering.set(stream, { stream, seq, prev, index });
    return true;
  }

  async #checkContinued(record: SealedRecord, index: number): Promise<void> {
    const { store, tenant, first } = this.#options;
    // Its beginning may have been pruned; a stream that ended before is not open any more.
    const entries = await store.stream(tenant, record.stream);
    const isContinued = first > 0 && entries[0]?.index === index;
    if (isContinued || isResolution(record, entries)) return;
    const code = entries.some((entry) => entry.index < index) ? 'stream_reopened' : 'stream_seq_not_dense';
    throw new Unsound(code, index, `record ${record.seq} has no open stream to follow`);
  }

  /** The list of streams is an index too: its next line must be the stream that begins here. */
  #checkListed(record: SealedRecord, index: number): void {
    const [listed] = this.#listed;
    if (listed?.first !== index || listed.stream !== record.stream || listed.correlation !== record.correlation) {
      throw new Unsound('stream_listing_mismatch', index, 'list of streams does not have this one here');
    }
    this.counts.streams++;
    this.#listed.shift();
  }

  async #checkTiles(growing: GrowingTree): Promise<void> {
    const { store, tenant } = this.#options;
    for (const { level, index, hashes, root } of growing.takeFullTiles()) {
      const stored = await store.tile(tenant, level, index);
      const [storedRoot] = await store.tileRoots(tenant, level, { from: index, limit: 1 });
      if (stored === null) throw new Unsound('tile_missing', growing.size, `tile ${level}/${index}`);
      if (!equalBytes(stored, hashes) || storedRoot === undefined || !equalBytes(storedRoot, root)) {
        throw new Unsound('tile_mismatch', growing.size, `tile ${level}/${index}`);
      }
      this.counts.tiles++;
    }
  }

  async #checkNotesAt(growing: GrowingTree): Promise<void> {
    while (this.#notes[0]?.size === growing.size) {
      checkNote(this.#notes[0], growing, this.#key);
      this.counts.notes++;
      this.#notes.shift();
      if (this.#notes.length === 0) await this.#nextNotes();
    }
  }

  /** Notes and streams of this part that no record of it stands for. */
  #checkNothingLeft(): void {
    const [note] = this.#notes;
    const { to } = this.#options.range;
    if (note !== undefined && note.size <= to)
      throw new Unsound('note_root_mismatch', note.size, 'signed size is not a size of this log');
    const [listed] = this.#listed;
    if (listed !== undefined && listed.first < to)
      throw new Unsound('stream_listing_mismatch', listed.first, 'listed stream has no record');
  }

  #survey(base: Uint8Array, root: Uint8Array): RangeSurvey {
    const { range } = this.#options;
    const entering = [...this.#entering.values()];
    const open = Array.from(this.#open, ([stream, { count, head }]): OpenStream => ({ stream, count, head }));
    return { range, base, root, counts: this.counts, begun: this.#begun, entering, open };
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

function checkNext(record: SealedRecord, known: Position, index: number): void {
  if (record.seq !== known.count) throw new Unsound('stream_seq_not_dense', index, `expected ${known.count}`);
  if (record.prev !== known.head) throw new Unsound('stream_prev_mismatch', index, `expected ${known.head}`);
}

function endsForGood({ kind }: SealedRecord): boolean {
  return kind === 'stream_closed' || kind === 'ambiguity_resolved' || kind === 'event_ingested';
}

function readRecord(entry: LogEntry): SealedRecord {
  try {
    return parseRecord(entry.bytes);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw new Unsound('entry_malformed', entry.index, error.message);
  }
}

function checkNote({ size, note }: LogNote, growing: GrowingTree, key: VerifierKey): void {
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
