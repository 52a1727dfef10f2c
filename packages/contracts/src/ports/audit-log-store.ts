import { ExoArmurError } from '../errors.ts';

/** Every code a {@link LogStoreError} can carry; drivers of every engine map their own errors to these. */
export type LogStoreErrorCode =
  | 'STORE_ARGUMENT_INVALID'
  | 'STORE_BUSY'
  | 'STORE_CLOSED'
  | 'STORE_CORRUPT'
  | 'STORE_FULL'
  | 'STORE_HEAD_MALFORMED'
  | 'STORE_IO'
  | 'STORE_SCHEMA_UNSUPPORTED'
  | 'STORE_TENANT_INVALID';

/** What a log store throws. After STORE_BUSY nothing was written; after any other error of a commit nobody knows. */
export class LogStoreError extends ExoArmurError<LogStoreErrorCode> {}

/** Size and RFC 6962 root (32 bytes) of one tenant's tree. */
export interface LogHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** One sealed record as stored. Everything but `bytes` is an index over them and proves nothing. */
export interface LogEntry {
  readonly index: number;
  readonly stream: string;
  readonly seq: number;
  /** Sealed bytes, verbatim. */
  readonly bytes: Uint8Array;
}

/** A payload beside the log: 16 bytes of salt and the canonical bytes of the value. */
export interface LogPayload {
  readonly salt: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Keys of an ingested foreign event, each an HMAC-SHA256 under a tenant key: who it is, and what it says. */
export interface LogContentKey {
  readonly identity: Uint8Array;
  readonly content: Uint8Array;
}

/** One entry to be appended; its index is its position in the batch after the expected size. */
export interface NewLogEntry {
  readonly stream: string;
  readonly seq: number;
  readonly correlation: string;
  readonly bytes: Uint8Array;
  readonly payload: LogPayload;
  readonly contentKey?: LogContentKey;
}

/** A full tile of 256 hashes (C2SP tlog-tiles) with the root above it, written when a commit completes it. */
export interface NewLogTile {
  readonly level: number;
  readonly index: number;
  /** 8,192 bytes. */
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

/** A signed checkpoint note and the size it is for. */
export interface LogNote {
  readonly size: number;
  readonly note: string;
}

/** One batch: written whole and durably, or not at all. */
export interface LogCommit {
  /** The head this batch was built on; another one in the store makes the answer `stale`. */
  readonly expected: LogHead;
  readonly next: LogHead;
  readonly entries: readonly NewLogEntry[];
  readonly tiles: readonly NewLogTile[];
  /** Notes signed since the last commit. Their order is that of their sizes. */
  readonly notes: readonly LogNote[];
}

/** The answer to a commit. `stale`: nothing was written, and this is the head now. */
export type LogCommitResult = { readonly outcome: 'committed' } | { readonly outcome: 'stale'; readonly head: LogHead };

/** A stream as the index knows it. */
export interface LogStream {
  readonly stream: string;
  readonly correlation: string;
  /** Index of its first record. */
  readonly first: number;
}

/**
 * Where the log of each tenant is kept. Every call names the tenant and can reach nothing of another. The store keeps
 * bytes; what they mean, and that they were not altered, is for the log above it and for `fsck` to say.
 */
export interface AuditLogStore {
  /** Resolves when a commit may begin; appends that arrive until then join its batch. */
  ready(): Promise<void>;
  /** The head; size 0 and the root of the empty tree for a tenant without entries. */
  head(tenant: string): Promise<LogHead>;
  /** Compare-and-set append; durable when it resolves. */
  commit(tenant: string, commit: LogCommit): Promise<LogCommitResult>;
  /** Keeps notes of heads already committed. */
  saveNotes(tenant: string, notes: readonly LogNote[]): Promise<void>;
  /** The latest note kept, also when it is older than the head. */
  latestNote(tenant: string): Promise<LogNote | null>;
  /** Notes of sizes above `after`, smallest first. */
  notes(tenant: string, options: { readonly after: number; readonly limit: number }): Promise<readonly LogNote[]>;
  /** Entries from index `from` on, in order; pruned ones are absent. */
  entries(tenant: string, options: { readonly from: number; readonly limit: number }): Promise<readonly LogEntry[]>;
  /** The last entry of each stream named; streams without one are absent. */
  lastOfStreams(tenant: string, streams: readonly string[]): Promise<readonly LogEntry[]>;
  /** Every entry of one stream, by `seq`. */
  stream(tenant: string, stream: string): Promise<readonly LogEntry[]>;
  /** Streams with a first index above `after`, smallest first, of one correlation or of all. */
  streams(
    tenant: string,
    options: { readonly correlation?: string; readonly after: number; readonly limit: number },
  ): Promise<readonly LogStream[]>;
  /** Payload of each index, null where there is none any more. */
  payloads(tenant: string, indexes: readonly number[]): Promise<readonly (LogPayload | null)[]>;
  /** Content and index of each identity known; unknown ones are absent. */
  findContentKeys(
    tenant: string,
    identities: readonly Uint8Array[],
  ): Promise<readonly (LogContentKey & { readonly index: number })[]>;
  /** Hashes of a full tile, 8,192 bytes; null when it is not there. */
  tile(tenant: string, level: number, index: number): Promise<Uint8Array | null>;
  /** Roots of the full tiles of a level from tile `from` on, in order, `limit` of them at most. */
  tileRoots(
    tenant: string,
    level: number,
    options: { readonly from: number; readonly limit: number },
  ): Promise<readonly Uint8Array[]>;
  /** Deletes payloads and content keys for good, leaving no copy in the store's own files; answers how many payloads were there. */
  erasePayloads(tenant: string, indexes: readonly number[]): Promise<number>;
  /** Deletes entries, payloads and content keys below an index, keeping all tiles. The index never goes down. */
  prune(tenant: string, before: number): Promise<void>;
  /** First index that was not pruned. */
  firstIndex(tenant: string): Promise<number>;
  /** Tenants that have a log, sorted. */
  tenants(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The last signed head, kept apart from the store, so that a restored old store is noticed. */
export interface LogHeadKeeper {
  /** Null when nothing was ever kept. @throws LogStoreError STORE_HEAD_MALFORMED when what was kept is unreadable. */
  read(tenant: string): Promise<LogHead | null>;
  /** Keeps a head; a smaller one than is kept changes nothing. */
  advance(tenant: string, head: LogHead): Promise<void>;
  /** Replaces what is kept, by an operator's decision only. */
  reset(tenant: string, head: LogHead | null): Promise<void>;
}
