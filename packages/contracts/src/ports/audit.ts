import type { DisclosedPayload, RecordProof } from '../bundle.ts';
import type { TrailKind, TrailPayloads } from '../payloads.ts';
import type { Digest, JsonObject } from '../primitives.ts';
import type { RecordKind, SealedRecord } from '../record.ts';

/** One step to be recorded. The log adds tenant, cell, time, sequence, chain and payload commitment. */
export interface RecordDraft<Kind extends TrailKind = TrailKind> {
  readonly stream: string;
  readonly correlation: string;
  readonly trace: string | null;
  readonly actor: SealedRecord['actor'];
  readonly kind: Kind;
  readonly payload: TrailPayloads[Kind];
  /** The `seq` this record must get; another one already there is a conflict. */
  readonly expectedSeq: number;
  /** Sealed only with a time before this one, or not at all: what it rests on expires then. */
  readonly before?: string;
}

/** Kinds of record about the cell itself, outside the life of any action. */
export type CellKind = Exclude<RecordKind, TrailKind>;

/** One fact about the cell itself. Its stream holds such records only, is never closed, and numbers itself. */
export interface CellDraft {
  readonly stream: string;
  readonly correlation: string;
  readonly trace: string | null;
  readonly actor: SealedRecord['actor'];
  readonly kind: CellKind;
  readonly payload: JsonObject;
  /** Number the record has to get in its stream, for one that rests on those before it; the next one unless told. */
  readonly expectedSeq?: number;
}

/** Where a record ended up: durable and under a signed checkpoint when this is returned. */
export interface AppendReceipt {
  readonly record: SealedRecord;
  /** Sealed bytes. */
  readonly bytes: Uint8Array;
  readonly leafHash: Digest;
  readonly index: number;
}

/** Appends records; resolves only when they are durable, rejects when they are not. */
export interface AuditSink {
  append(draft: RecordDraft): Promise<AppendReceipt>;
  /**
   * Appends steps in order, each only if the one before it was; each promise settles on its own. A sink that has it takes them
   * in one commit where it can; without it they are appended one after the other.
   */
  appendAll?(drafts: readonly RecordDraft[]): readonly Promise<AppendReceipt>[];
}

/** Appends facts about the cell itself, with the same promise as {@link AuditSink}. */
export interface CellAuditSink {
  appendCell(draft: CellDraft): Promise<AppendReceipt>;
}

/** Everything of one stream that a proof bundle needs. */
export interface StreamEvidence {
  readonly records: readonly SealedRecord[];
  readonly payloads: ReadonlyMap<Digest, DisclosedPayload>;
  readonly proofs: readonly RecordProof[];
  /** Signed checkpoint note, verbatim. */
  readonly checkpoint: string;
  readonly vkey: string;
}

/** Reads one stream back with its proofs. */
export interface StreamEvidenceSource {
  /** Whether a stream has records. Saves asking for all there is of one that has none. */
  has?(stream: string): Promise<boolean>;
  collect(stream: string): Promise<StreamEvidence>;
}

/** A payload as stored beside the log, apart from its record, so that it can be erased. */
export interface StoredPayload {
  readonly digest: Digest;
  readonly salt: Uint8Array;
  readonly value: JsonObject;
}
