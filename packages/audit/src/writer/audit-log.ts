import { createUlid, formatTlogProof, formatVerifierKey } from '@exoarmur/canonical';
import {
  type AppendReceipt,
  type AuditLogStore,
  type AuditSink,
  type CellAuditSink,
  type CellDraft,
  type Clock,
  type JsonObject,
  type LogHeadKeeper,
  LogStoreError,
  lineSchema,
  quoteForMessage,
  type RandomSource,
  type RecordDraft,
  type SealedRecord,
  type Signer,
  type StreamEvidence,
  type StreamEvidenceSource,
  scopeNameSchema,
  timeSchema,
} from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { gatherEvidence } from '../internal/stream-evidence.ts';
import { type Pending, planBatch } from './batch.ts';
import { type DraftFields, takeDraft } from './draft.ts';
import { type EraseOrder, findErasable } from './erase.ts';
import { LogEdge, type SignedHead } from './log-edge.ts';
import { findPrunePoint } from './prune.ts';
import { StreamTable } from './stream-table.ts';

/** What a log is made of. Nothing here has a default that would weaken it. */
export interface AuditLogOptions {
  readonly store: AuditLogStore;
  /** Where the last signed head is kept apart from the store. */
  readonly heads: LogHeadKeeper;
  /** The log's key; its name is the origin. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly tenant: string;
  readonly cell: string;
  /** `<cell domain>/<tenant>`. */
  readonly origin: string;
  /** Appends that may wait; one more is refused with AUDIT_QUEUE_FULL. 10,000 unless told. */
  readonly maxQueue?: number;
  /** Records in one commit at most. 256 unless told: more cost memory and win little. */
  readonly maxBatch?: number;
}

/** How often a batch is laid out anew because another writer was faster. */
const MAX_ATTEMPTS = 200;

/**
 * One tenant's log: appends, signs, answers with evidence. Several processes may have one over the same store. Nothing
 * is read or written before the first call.
 */
export class AuditLog implements AuditSink, CellAuditSink, StreamEvidenceSource {
  readonly tenant: string;
  readonly origin: string;
  /** C2SP verifier key of the log. */
  readonly vkey: string;
  readonly #options: AuditLogOptions;
  readonly #edge: LogEdge;
  readonly #streams: StreamTable;
  #queue: Pending[] = [];
  #pumping: Promise<void> | undefined;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AuditLogOptions) {
    const { tenant, cell, origin, signer, store } = options;
    for (const name of [tenant, cell]) {
      if (!scopeNameSchema.safeParse(name).success) {
        throw new AuditError('AUDIT_SCOPE_INVALID', `${quoteForMessage(String(name))} is no tenant or cell name`);
      }
    }
    if (!origin.endsWith(`/${tenant}`)) {
      throw new AuditError('AUDIT_SCOPE_INVALID', 'origin does not end in the name of the tenant');
    }
    if (signer.name !== origin) throw new AuditError('AUDIT_SCOPE_INVALID', 'key is not named like the origin');
    this.#options = options;
    this.tenant = tenant;
    this.origin = origin;
    this.vkey = formatVerifierKey({ name: signer.name, publicKey: signer.publicKey });
    this.#edge = new LogEdge(options);
    this.#streams = new StreamTable(store, tenant);
  }

  /**
   * Seals a step of an action and appends it; resolves when it is durable under a signed checkpoint. The same step at the
   * same place again gives the first receipt.
   * @throws AuditError AUDIT_DRAFT_INVALID, AUDIT_DRAFT_LATE, AUDIT_SEQ_CONFLICT, AUDIT_STREAM_CLOSED, AUDIT_STREAM_RESERVED,
   * AUDIT_QUEUE_FULL, AUDIT_COMMIT_FAILED and the refusals of a log that cannot be trusted.
   */
  append(draft: RecordDraft): Promise<AppendReceipt> {
    return this.enqueue(draft);
  }

  /**
   * Appends steps in order, each only if the one before it was, in one commit where that holds so many. There is place in the queue
   * for all of them or for none.
   */
  appendAll(drafts: readonly RecordDraft[]): readonly Promise<AppendReceipt>[] {
    let after: Pending | undefined;
    let refused: Promise<never> | undefined;
    if (drafts.length === 0) return [];
    try {
      this.#assertPlace(drafts.length);
    } catch (error) {
      refused = Promise.reject(failed(error));
    }
    return drafts.map((draft) => {
      if (refused !== undefined) return refused;
      try {
        const { pending, receipt } = this.#enqueue(draft, after);
        after = pending;
        return receipt;
      } catch (error) {
        refused = Promise.reject(failed(error));
        return refused;
      }
    });
  }

  /** Appends a fact about the cell. @throws AuditError AUDIT_SEQ_CONFLICT when another one has the place it has to get */
  appendCell({ stream, correlation, trace, actor, kind, payload, expectedSeq }: CellDraft): Promise<AppendReceipt> {
    return this.enqueue({ stream, correlation, trace, actor, kind, payload, expectedSeq: expectedSeq ?? null });
  }

  /** The common way in, also for ingested events. */
  enqueue(fields: DraftFields): Promise<AppendReceipt> {
    try {
      return this.#enqueue(fields, undefined).receipt;
    } catch (error) {
      return Promise.reject(failed(error));
    }
  }

  #enqueue(fields: DraftFields, after: Pending | undefined) {
    this.#assertPlace(1);
    const { clock, random } = this.#options;
    const draft = takeDraft(fields, clock, random);
    const receipt = new Promise<AppendReceipt>((resolve, reject) => {
      this.#queue.push({ draft, after, resolve, reject, refusal: undefined });
    });
    const pending = this.#queue.at(-1);
    this.#pumping ??= this.#pump();
    return { pending, receipt };
  }

  /** The signed checkpoint of the newest state. */
  checkpoint(): Promise<SignedHead> {
    return this.#exclusive(() => this.#signNewest());
  }

  /** C2SP tlog-proof of one record. @throws AuditError AUDIT_RECORD_NOT_FOUND */
  prove(index: number): Promise<string> {
    return this.#exclusive(async () => {
      const { size, note } = await this.#signNewest();
      if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) {
        throw new AuditError('AUDIT_RECORD_NOT_FOUND', `log has no record ${index}`);
      }
      return formatTlogProof({ index, path: await this.#edge.tree.proveInclusion(index, size), checkpoint: note });
    });
  }

  /** RFC 6962 consistency path between two sizes up to the newest. */
  proveConsistency(size1: number, size2: number): Promise<Uint8Array[]> {
    return this.#exclusive(() => this.#edge.tree.proveConsistency(size1, size2));
  }

  /** Whether a stream has records that are durable. Waits for no commit. */
  async has(stream: string): Promise<boolean> {
    const { store, tenant } = this.#options;
    return (await store.lastOfStreams(tenant, [stream])).length > 0;
  }

  /** Everything of one stream that a bundle needs. @throws AuditError AUDIT_STREAM_NOT_FOUND, AUDIT_RECORD_PRUNED */
  collect(stream: string): Promise<StreamEvidence> {
    return this.#exclusive(async () => {
      const { store, tenant } = this.#options;
      const { size, note } = await this.#signNewest();
      return gatherEvidence({ store, tenant, stream, tree: this.#edge.tree, size, note, vkey: this.vkey });
    });
  }

  /**
   * Erases payloads for good. Who asked and why is recorded, durably, before anything is deleted; the records stay and
   * every proof still passes. @throws AuditError AUDIT_STREAM_NOT_FOUND and those of an append.
   */
  async erase(order: EraseOrder): Promise<{ readonly receipt: AppendReceipt; readonly erased: number }> {
    const { store, tenant } = this.#options;
    const indexes = await findErasable(store, tenant, order.selection);
    const receipt = await this.#recordRemoval(order, {
      schema: 'exoarmur.payload-erased/1',
      selection: { ...order.selection },
      records: indexes,
      reason: order.reason,
    });
    return { receipt, erased: await store.erasePayloads(tenant, indexes) };
  }

  /**
   * Forgets records older than a time, RFC 3339: entries and payloads go, the tree stays, so what remains can still be
   * proved. Open actions and whole tiles set the limit. Recorded first, like an erasure.
   */
  async prune(order: {
    readonly before: string;
    readonly requestedBy: SealedRecord['actor'];
    readonly reason: string;
  }): Promise<{ readonly before: number }> {
    const { store, tenant } = this.#options;
    if (!timeSchema.safeParse(order.before).success) {
      throw new AuditError('AUDIT_DRAFT_INVALID', 'time to prune before is not valid', { pointer: '/before' });
    }
    const before = await findPrunePoint(store, tenant, order.before);
    if (before === (await store.firstIndex(tenant))) return { before };
    await this.#recordRemoval(order, { schema: 'exoarmur.log-pruned/1', before, reason: order.reason });
    await store.prune(tenant, before);
    return { before };
  }

  #recordRemoval(
    { requestedBy, reason }: { readonly requestedBy: SealedRecord['actor']; readonly reason: string },
    payload: JsonObject,
  ): Promise<AppendReceipt> {
    if (!lineSchema(1024).min(1).safeParse(reason).success) {
      throw new AuditError('AUDIT_DRAFT_INVALID', 'reason is not a line of 1 to 1024 characters', {
        pointer: '/reason',
      });
    }
    const { cell, clock, random } = this.#options;
    return this.appendCell({
      stream: `erasure-${createUlid(clock.now(), random.bytes(10))}`,
      correlation: `cell-${cell}`,
      trace: null,
      actor: requestedBy,
      kind: 'payload_erased',
      payload,
    });
  }

  /** Waits for what is queued and stores the last notes. The store stays open: it belongs to the caller. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pumping;
    await this.#exclusive(() => this.#edge.flush());
  }

  /** Runs as long as something is queued. */
  async #pump(): Promise<void> {
    const { store, maxBatch = 256 } = this.#options;
    // INVARIANT: it never ends at once, or its promise would be taken for that of one that runs; a store may throw where it is asked.
    await undefined;
    while (this.#queue.length > 0) {
      try {
        await store.ready();
      } catch (error) {
        for (const { reject } of this.#queue.splice(0)) reject(failed(error));
        break;
      }
      const batch = this.#queue.splice(0, this.#batchLength(maxBatch));
      await this.#exclusive(async () => {
        try {
          await this.#commit(batch);
        } catch (error) {
          // Nobody knows whether the batch is in the log; it is read again before anything else happens.
          this.#edge.forget();
          this.#streams.clear();
          for (const pending of batch) {
            pending.refusal = failed(error);
            pending.reject(pending.refusal);
          }
        }
      });
    }
    this.#pumping = undefined;
  }

  /** How many of the queue go into the next commit: what was handed in together is cut only where it is longer than a commit. */
  #batchLength(maxBatch: number): number {
    const most = Math.min(this.#queue.length, maxBatch);
    let length = most;
    while (length > 0 && this.#queue[length]?.after !== undefined) length--;
    return length === 0 ? most : length;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const { store, tenant, cell } = this.#options;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const current = await this.#edge.growing();
      const plan = await planBatch({ store, tenant, cell, size: current.size }, this.#streams, batch);
      if (plan.entries.length > 0) {
        const growing = current.clone();
        for (const hash of plan.leafHashes) growing.append(hash);
        const next = { size: growing.size, root: growing.root() };
        const result = await store.commit(tenant, {
          expected: { size: current.size, root: current.root() },
          next,
          entries: plan.entries,
          tiles: growing.takeFullTiles(),
          notes: this.#edge.unsavedNotes,
        });
        if (result.outcome === 'stale') {
          this.#streams.clear();
          await this.#edge.follow(result.head);
          continue;
        }
        // SECURITY: only the word of the store says that the records are there; no other answer stands for it.
        if (result.outcome !== 'committed') throw new Error('the store gave no answer to a commit');
        this.#edge.committed(growing);
        for (const [stream, position] of plan.positions) this.#streams.set(stream, position);
      }
      await this.#edge.sign();
      for (const { pending, receipt } of plan.answers) pending.resolve(receipt);
      for (const { pending, error } of plan.refusals) pending.reject(error);
      return;
    }
    throw new AuditError('AUDIT_LOG_CONTENDED', `other writers were faster ${MAX_ATTEMPTS} times`);
  }

  async #signNewest(): Promise<SignedHead> {
    const { store, tenant } = this.#options;
    const growing = await this.#edge.growing();
    const head = await store.head(tenant);
    if (head.size !== growing.size) {
      this.#streams.clear();
      await this.#edge.follow(head);
    }
    return this.#edge.sign();
  }

  /** One at a time: whatever reads or moves the edge. */
  #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** That the log is open and its queue holds so many more. */
  #assertPlace(count: number): void {
    if (this.#isClosed) throw new AuditError('AUDIT_LOG_CLOSED', 'log is closed');
    const { maxQueue = 10_000 } = this.#options;
    if (this.#queue.length + count > maxQueue) {
      throw new AuditError(
        'AUDIT_QUEUE_FULL',
        `the queue holds ${maxQueue} appends and ${this.#queue.length} wait already`,
      );
    }
  }
}

/** The log of one tenant over a store. Nothing is read or written before the first call. @throws AuditError AUDIT_SCOPE_INVALID */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  return new AuditLog(options);
}

/** Never throws, whatever was thrown: a proxy can refuse even to say what it is. */
function failed(error: unknown): AuditError {
  let reason = 'the store, the signer, the clock or the source of random bytes failed';
  try {
    if (error instanceof AuditError) return error;
    if (error instanceof LogStoreError) reason = error.code;
  } catch {
    // Its own reason is not to be had.
  }
  return new AuditError('AUDIT_COMMIT_FAILED', `append was not confirmed: ${reason}`, { cause: error });
}
