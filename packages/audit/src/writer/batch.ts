import { commitPayloadBytes, encodeHex, equalBytes, identifyLeaf } from '@exoarmur/canonical';
import {
  type AppendReceipt,
  type AuditLogStore,
  isTrailKind,
  type LogContentKey,
  type NewLogEntry,
  quoteForMessage,
  type SealedRecord,
} from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { hashRecord, parseRecord } from '../reader/record.ts';
import { type Draft, endsStream, sealDraft } from './draft.ts';
import type { StreamPosition, StreamTable } from './stream-table.ts';

/** An append that waits for its batch. */
export interface Pending {
  readonly draft: Draft;
  readonly resolve: (receipt: AppendReceipt) => void;
  readonly reject: (error: unknown) => void;
  /** The append this one stands on: refused, in whatever batch, this one is too. */
  readonly after?: Pending | undefined;
  /** Why it was refused, as far as it is decided. */
  refusal: unknown;
}

/** Where the batch would begin, and in which log. */
export interface BatchPlace {
  readonly store: AuditLogStore;
  readonly tenant: string;
  readonly cell: string;
  readonly size: number;
}

/** What a batch would do: entries to append, positions after it, and the answers to give once it is durable. */
export interface BatchPlan {
  readonly entries: readonly NewLogEntry[];
  readonly leafHashes: readonly Uint8Array[];
  readonly positions: ReadonlyMap<string, StreamPosition>;
  readonly answers: readonly { readonly pending: Pending; readonly receipt: AppendReceipt }[];
  readonly refusals: readonly { readonly pending: Pending; readonly error: AuditError }[];
}

/**
 * Lays out a batch over the store as it is at `place.size`: seals what is new, finds what is there already, refuses what
 * conflicts. Has no effect, so that it can be done again when another writer was faster.
 */
export async function planBatch(
  place: BatchPlace,
  streams: StreamTable,
  batch: readonly Pending[],
): Promise<BatchPlan> {
  if (batch.some(({ draft }) => !streams.has(draft.stream))) await streams.load(batch.map(({ draft }) => draft.stream));
  const planner = new BatchPlanner(place, streams, await findIngested(place, batch));
  // Most have nothing to wait for, and a turn of the microtask queue for each adds up.
  for (const pending of batch) if (!planner.addNew(pending)) await planner.add(pending);
  return planner;
}

function findIngested(place: BatchPlace, batch: readonly Pending[]) {
  const identities: Uint8Array[] = [];
  for (const { draft } of batch) if (draft.contentKey !== undefined) identities.push(draft.contentKey.identity);
  return identities.length === 0 ? [] : place.store.findContentKeys(place.tenant, identities);
}

class BatchPlanner implements BatchPlan {
  readonly entries: NewLogEntry[] = [];
  readonly leafHashes: Uint8Array[] = [];
  readonly positions = new Map<string, StreamPosition>();
  readonly answers: { pending: Pending; receipt: AppendReceipt }[] = [];
  readonly refusals: { pending: Pending; error: AuditError }[] = [];
  readonly #place: BatchPlace;
  readonly #streams: StreamTable;
  /** Of the entries, in their order. */
  readonly #receipts: AppendReceipt[] = [];
  readonly #ingested = new Map<string, { readonly content: Uint8Array; readonly index: number }>();

  constructor(
    place: BatchPlace,
    streams: StreamTable,
    ingested: readonly (LogContentKey & { readonly index: number })[],
  ) {
    this.#place = place;
    this.#streams = streams;
    for (const { identity, content, index } of ingested) this.#ingested.set(encodeHex(identity), { content, index });
  }

  /** Takes an append that cannot be there already, without a look into the store; false for any other. */
  addNew(pending: Pending): boolean {
    const { draft, after } = pending;
    if (draft.contentKey !== undefined || after?.refusal !== undefined) return false;
    const { expectedSeq } = draft;
    const position = this.#position(draft.stream);
    if (position.isClosed || (expectedSeq !== null && expectedSeq !== position.count)) return false;
    if (findMisfit(draft, position) !== undefined) return false;
    pending.refusal = undefined;
    this.answers.push({ pending, receipt: this.#seal(draft, position) });
    return true;
  }

  async add(pending: Pending): Promise<void> {
    pending.refusal = undefined;
    try {
      if (pending.after?.refusal !== undefined) throw follow(pending.after.refusal);
      const known = await this.#findKnown(pending.draft);
      this.answers.push({ pending, receipt: known ?? this.#sealFitting(pending.draft) });
    } catch (error) {
      if (!(error instanceof AuditError)) throw error;
      pending.refusal = error;
      this.refusals.push({ pending, error });
    }
  }

  /** The receipt of the same record when it is there already. @throws AuditError when another one has its place. */
  async #findKnown(draft: Draft): Promise<AppendReceipt | undefined> {
    if (draft.contentKey !== undefined) return this.#findIngested(draft.contentKey);
    const position = this.#position(draft.stream);
    const { expectedSeq } = draft;
    if (expectedSeq !== null && expectedSeq < position.count) return this.#findAppended(draft, expectedSeq);
    // What a person found out about an ambiguous action is recorded after its end; the trail allows it once.
    if (position.isClosed && draft.kind !== 'ambiguity_resolved') {
      throw new AuditError('AUDIT_STREAM_CLOSED', `stream ${quoteForMessage(draft.stream)} is closed`);
    }
    if (expectedSeq !== null && expectedSeq > position.count) throw conflict(draft, position.count);
    return undefined;
  }

  async #findIngested({ identity, content }: LogContentKey): Promise<AppendReceipt | undefined> {
    const known = this.#ingested.get(encodeHex(identity));
    if (known === undefined) return undefined;
    if (!equalBytes(known.content, content)) {
      throw new AuditError('AUDIT_INGEST_CONFLICT', `another event of this identity is at index ${known.index}`);
    }
    const planned = this.answers.find(({ receipt }) => receipt.index === known.index);
    return planned?.receipt ?? this.#readReceipt(known.index);
  }

  async #findAppended(draft: Draft, seq: number): Promise<AppendReceipt> {
    const planned = this.entries.findIndex((entry) => entry.seq === seq && entry.stream === draft.stream);
    const receipt = this.#receipts[planned];
    if (receipt !== undefined) {
      const sealed = this.entries[planned]?.payload.bytes;
      if (!isSame(draft, receipt.record) || sealed === undefined || !equalBytes(draft.payloadBytes, sealed)) {
        throw conflict(draft, seq + 1);
      }
      return receipt;
    }
    const { store, tenant } = this.#place;
    const entry = (await store.stream(tenant, draft.stream))[seq];
    if (entry === undefined) throw conflict(draft, seq + 1);
    const record = parseRecord(entry.bytes);
    const [payload] = await store.payloads(tenant, [entry.index]);
    // An erased payload cannot be compared any more, so nothing can be said to be the same.
    if (
      !isSame(draft, record) ||
      !payload ||
      commitPayloadBytes(payload.salt, draft.payloadBytes) !== record.payload.digest
    ) {
      throw conflict(draft, this.#position(draft.stream).count);
    }
    return { record, bytes: entry.bytes, leafHash: hashRecord(entry.bytes), index: entry.index };
  }

  #sealFitting(draft: Draft): AppendReceipt {
    const position = this.#position(draft.stream);
    const misfit = findMisfit(draft, position);
    if (misfit !== undefined) throw misfit;
    return this.#seal(draft, position);
  }

  #seal(draft: Draft, position: StreamPosition): AppendReceipt {
    const { tenant, cell, size } = this.#place;
    const { record, bytes } = sealDraft(draft, { tenant, cell, seq: position.count, prev: position.head });
    const { hash, digest } = identifyLeaf(bytes);
    const receipt = { record, bytes, leafHash: digest, index: size + this.entries.length };
    const { stream, correlation, salt, payloadBytes, contentKey } = draft;
    const entry = { stream, seq: record.seq, correlation, bytes, payload: { salt, bytes: payloadBytes } };
    this.entries.push(contentKey === undefined ? entry : { ...entry, contentKey });
    this.#receipts.push(receipt);
    this.leafHashes.push(hash);
    this.positions.set(stream, {
      count: record.seq + 1,
      head: digest,
      correlation,
      isAction: isTrailKind(record.kind),
      isClosed: endsStream(record.kind),
    });
    if (contentKey !== undefined) {
      this.#ingested.set(encodeHex(contentKey.identity), { content: contentKey.content, index: receipt.index });
    }
    return receipt;
  }

  async #readReceipt(index: number): Promise<AppendReceipt> {
    const { store, tenant } = this.#place;
    const [entry] = await store.entries(tenant, { from: index, limit: 1 });
    if (entry?.index !== index) throw new AuditError('AUDIT_RECORD_PRUNED', `record ${index} was pruned`);
    return { record: parseRecord(entry.bytes), bytes: entry.bytes, leafHash: hashRecord(entry.bytes), index };
  }

  #position(stream: string): StreamPosition {
    return this.positions.get(stream) ?? this.#streams.get(stream);
  }
}

/** Why a draft has no place in a stream that is there, or undefined. */
function findMisfit(draft: Draft, position: StreamPosition): AuditError | undefined {
  const isAction = isTrailKind(draft.kind);
  const isWrongFamily =
    position.isAction === null ? isAction && draft.kind !== 'intent_received' : position.isAction !== isAction;
  if (isWrongFamily) {
    return new AuditError(
      'AUDIT_STREAM_RESERVED',
      `${draft.kind} has no place in stream ${quoteForMessage(draft.stream)}`,
    );
  }
  if (position.correlation !== null && position.correlation !== draft.correlation) {
    return new AuditError('AUDIT_DRAFT_INVALID', 'correlation is not that of the stream', { pointer: '/correlation' });
  }
  return undefined;
}

function isSame(draft: Draft, record: SealedRecord): boolean {
  return (
    draft.kind === record.kind &&
    draft.correlation === record.correlation &&
    draft.trace === record.trace &&
    draft.actor.type === record.actor.type &&
    draft.actor.id === record.actor.id
  );
}

function conflict(draft: Draft, count: number): AuditError {
  return new AuditError(
    'AUDIT_SEQ_CONFLICT',
    `stream ${quoteForMessage(draft.stream)} has ${count} records, not ${draft.expectedSeq}`,
    { pointer: '/expectedSeq' },
  );
}

/** What stands on a refused append is refused for the same reason. */
function follow(refusal: unknown): AuditError {
  return refusal instanceof AuditError ? refusal : new AuditError('AUDIT_COMMIT_FAILED', 'the append before failed');
}
