import {
  createVerifierKey,
  encodeUtf8,
  equalBytes,
  formatCheckpoint,
  formatNote,
  hashLeaf,
  isOwnSigner,
  type VerifierKey,
  verifyCheckpoint,
} from '@exoarmur/canonical';
import type { AuditLogStore, LogHead, LogHeadKeeper, LogNote, Signer } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import type { GrowingTree } from '../internal/growing-tree.ts';
import { LogTree } from '../internal/log-tree.ts';

/** Above this many missed entries the edge is read anew instead of being caught up. */
const MAX_CATCH_UP = 4096;

/** What the edge of one tenant's log stands on. */
export interface LogEdgeOptions {
  readonly store: AuditLogStore;
  readonly heads: LogHeadKeeper;
  readonly signer: Signer;
  readonly tenant: string;
  readonly origin: string;
}

/** A head with its signed checkpoint note. */
export interface SignedHead extends LogHead {
  readonly note: string;
}

/**
 * The newest state of one log as this process knows it, and the only place that signs. A head is signed only after the
 * store took it by compare-and-set, and only while the log has grown out of every head known before.
 */
export class LogEdge {
  readonly tree: LogTree;
  readonly #options: LogEdgeOptions;
  #growing: GrowingTree | undefined;
  #signed: SignedHead | undefined;
  #unsaved: LogNote[] = [];
  /** Whether the store holds a note that says whose log it is. */
  #isClaimed = false;
  readonly #key: VerifierKey;

  constructor(options: LogEdgeOptions) {
    this.#options = options;
    this.#key = createVerifierKey(options.signer.name, options.signer.publicKey);
    this.tree = new LogTree(options.store, options.tenant);
  }

  /** Notes to be stored with the next commit. */
  get unsavedNotes(): readonly LogNote[] {
    return this.#unsaved;
  }

  /** The right edge to build on; reads and checks the log at the first call and after {@link LogEdge.forget}. */
  async growing(): Promise<GrowingTree> {
    this.#growing ??= await this.#read();
    return this.#growing;
  }

  /** Takes over the edge that a commit made true; the commit carried the unsaved notes. */
  committed(growing: GrowingTree): void {
    this.#growing = growing;
    this.#unsaved = [];
  }

  /** The state of the store is in doubt: read it again before anything else. */
  forget(): void {
    this.#growing = undefined;
  }

  /** Follows another writer. @throws AuditError AUDIT_LOG_FORKED, AUDIT_LOG_BEHIND_HEAD, AUDIT_LOG_CORRUPT */
  async follow(head: LogHead): Promise<void> {
    const from = this.#growing?.size;
    if (this.#growing === undefined || from === undefined || head.size - from > MAX_CATCH_UP || head.size <= from) {
      this.#growing = await this.#read();
      return;
    }
    const { store, tenant } = this.#options;
    const growing = this.#growing.clone();
    for (const { bytes } of await store.entries(tenant, { from, limit: head.size - from })) {
      growing.append(hashLeaf(bytes));
    }
    // The store holds these tiles already.
    growing.takeFullTiles();
    if (growing.size !== head.size || !equalBytes(growing.root(), head.root)) {
      throw new AuditError('AUDIT_LOG_FORKED', `log at size ${head.size} did not grow out of size ${from}`);
    }
    this.#growing = growing;
  }

  /** The signed head of the committed state; signs when there is none yet. The first note of a log is stored at once. */
  async sign(): Promise<SignedHead> {
    const growing = await this.growing();
    if (this.#signed?.size === growing.size) return this.#signed;
    const { signer, origin, tenant, heads } = this.#options;
    const head: LogHead = { size: growing.size, root: growing.root() };
    const text = formatCheckpoint({ origin, size: head.size, root: head.root });
    const note = this.#formatNote(text, await signer.sign(encodeUtf8(text)));
    await heads.advance(tenant, head);
    this.#signed = { ...head, note };
    if (head.size === 0) return this.#signed;
    this.#unsaved.push({ size: head.size, note });
    if (!this.#isClaimed) {
      await this.flush();
      this.#isClaimed = true;
    }
    return this.#signed;
  }

  /** @throws AuditError AUDIT_SIGNER_FAILED for anything but a signature of the log's key. */
  #formatNote(text: string, signature: unknown): string {
    const { signer } = this.#options;
    if (signature instanceof Uint8Array && signature.length === 64) {
      const note = formatNote({ text, signatures: [{ name: signer.name, keyId: this.#key.keyId, signature }] });
      // SECURITY: a note that does not verify would be kept, and the log be corrupt for whoever opens it next.
      if (isOwnSigner(signer) || verifyCheckpoint(note, [this.#key]).outcome === 'valid') return note;
    }
    throw new AuditError('AUDIT_SIGNER_FAILED', 'the signer gave no signature of the key of the log');
  }

  /** Stores the notes that no commit carried yet. */
  async flush(): Promise<void> {
    const notes = this.#unsaved;
    if (notes.length === 0) return;
    await this.#options.store.saveNotes(this.#options.tenant, notes);
    this.#unsaved = this.#unsaved.filter((note) => !notes.includes(note));
  }

  async #read(): Promise<GrowingTree> {
    const { store, tenant, heads } = this.#options;
    // INVARIANT: heads known before are read first. Other writers go on meanwhile, and then the store is ahead of them.
    const known = [await heads.read(tenant), this.#signed ?? null, this.#readNote(await store.latestNote(tenant))];
    const head = await store.head(tenant);
    const growing = await this.tree.grow(head.size);
    if (!equalBytes(growing.root(), head.root)) {
      throw new AuditError('AUDIT_LOG_CORRUPT', `entries and tiles do not give the root at size ${head.size}`);
    }
    for (const earlier of known) await this.#assertGrownFrom(earlier, head);
    return growing;
  }

  /** The head in a note of the store. @throws AuditError AUDIT_KEY_MISMATCH when another key signed, AUDIT_LOG_CORRUPT */
  #readNote(note: LogNote | null): LogHead | null {
    this.#isClaimed = note !== null;
    if (note === null) return null;
    const verdict = verifyCheckpoint(note.note, [this.#key]);
    if (verdict.outcome === 'valid' && verdict.checkpoint.size === note.size) return verdict.checkpoint;
    const isForeign = verdict.outcome === 'invalid' && verdict.failures[0].reason === 'no_known_signature';
    throw isForeign
      ? new AuditError('AUDIT_KEY_MISMATCH', `log was signed by another key at size ${note.size}`)
      : new AuditError('AUDIT_LOG_CORRUPT', `note at size ${note.size} is not the one that was signed`);
  }

  async #assertGrownFrom(known: LogHead | null, head: LogHead): Promise<void> {
    if (known === null) return;
    if (known.size > head.size) {
      throw new AuditError(
        'AUDIT_LOG_BEHIND_HEAD',
        `log has ${head.size} records, but ${known.size} were signed; an older state was restored`,
      );
    }
    if (!equalBytes(await this.tree.root(known.size), known.root)) {
      throw new AuditError('AUDIT_LOG_FORKED', `log no longer contains the tree signed at size ${known.size}`);
    }
  }
}
