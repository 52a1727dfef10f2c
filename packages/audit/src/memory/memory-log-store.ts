import { emptyRoot, encodeHex, equalBytes } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  type LogCommit,
  type LogCommitResult,
  type LogContentKey,
  type LogEntry,
  type LogHead,
  type LogNote,
  type LogPayload,
  LogStoreError,
  type LogStream,
  scopeNameSchema,
} from '@exoarmur/contracts';

interface TenantLog {
  head: LogHead;
  first: number;
  readonly entries: (LogEntry | undefined)[];
  readonly payloads: (LogPayload | null)[];
  readonly notes: LogNote[];
  readonly tiles: Map<string, { readonly hashes: Uint8Array; readonly root: Uint8Array }>;
  readonly streams: Map<string, { readonly stream: LogStream; readonly indexes: number[] }>;
  readonly contentKeys: Map<string, LogContentKey & { readonly index: number }>;
}

/** The log store that forgets: for tests, demonstrations and dry runs. Copies in and out, so nobody shares its bytes. */
export class MemoryLogStore implements AuditLogStore {
  readonly #logs = new Map<string, TenantLog>();
  #isClosed = false;

  async ready(): Promise<void> {
    this.#assertOpen();
  }

  async head(tenant: string): Promise<LogHead> {
    const { size, root } = this.#log(tenant).head;
    return { size, root: root.slice() };
  }

  async commit(tenant: string, commit: LogCommit): Promise<LogCommitResult> {
    const log = this.#log(tenant);
    const { expected, next, entries } = commit;
    if (log.head.size !== expected.size || !equalBytes(log.head.root, expected.root)) {
      return { outcome: 'stale', head: await this.head(tenant) };
    }
    assertBatch(log, commit);
    for (const [offset, entry] of entries.entries()) {
      const index = expected.size + offset;
      const { stream, seq, correlation, bytes, payload, contentKey } = entry;
      log.entries[index] = { index, stream, seq, bytes: bytes.slice() };
      log.payloads[index] = copyPayload(payload);
      const known = log.streams.get(stream);
      if (known === undefined)
        log.streams.set(stream, { stream: { stream, correlation, first: index }, indexes: [index] });
      else known.indexes.push(index);
      if (contentKey !== undefined)
        log.contentKeys.set(encodeHex(contentKey.identity), { ...copyKey(contentKey), index });
    }
    for (const { level, index, hashes, root } of commit.tiles) {
      log.tiles.set(`${level}/${index}`, { hashes: hashes.slice(), root: root.slice() });
    }
    log.head = { size: next.size, root: next.root.slice() };
    this.#keepNotes(log, commit.notes);
    return { outcome: 'committed' };
  }

  async saveNotes(tenant: string, notes: readonly LogNote[]): Promise<void> {
    this.#keepNotes(this.#log(tenant), notes);
  }

  async latestNote(tenant: string): Promise<LogNote | null> {
    return this.#log(tenant).notes.at(-1) ?? null;
  }

  async notes(tenant: string, { after, limit }: { after: number; limit: number }): Promise<readonly LogNote[]> {
    return this.#log(tenant)
      .notes.filter(({ size }) => size > after)
      .slice(0, limit);
  }

  async entries(tenant: string, { from, limit }: { from: number; limit: number }): Promise<readonly LogEntry[]> {
    const log = this.#log(tenant);
    const start = Math.max(from, log.first);
    return log.entries
      .slice(start, Math.max(start, from + limit))
      .filter((entry) => entry !== undefined)
      .map(copyEntry);
  }

  async lastOfStreams(tenant: string, streams: readonly string[]): Promise<readonly LogEntry[]> {
    const log = this.#log(tenant);
    return streams.flatMap((stream) => {
      const entry = log.entries[log.streams.get(stream)?.indexes.at(-1) ?? -1];
      return entry === undefined ? [] : [copyEntry(entry)];
    });
  }

  async stream(tenant: string, stream: string): Promise<readonly LogEntry[]> {
    const log = this.#log(tenant);
    return (log.streams.get(stream)?.indexes ?? []).flatMap((index) => {
      const entry = log.entries[index];
      return entry === undefined ? [] : [copyEntry(entry)];
    });
  }

  async streams(
    tenant: string,
    options: { readonly correlation?: string; readonly after: number; readonly limit: number },
  ): Promise<readonly LogStream[]> {
    const { correlation, after, limit } = options;
    return [...this.#log(tenant).streams.values()]
      .map(({ stream }) => stream)
      .filter((stream) => stream.first > after && (correlation === undefined || stream.correlation === correlation))
      .slice(0, limit);
  }

  async payloads(tenant: string, indexes: readonly number[]): Promise<readonly (LogPayload | null)[]> {
    const log = this.#log(tenant);
    return indexes.map((index) => copyPayload(log.payloads[index] ?? null));
  }

  async findContentKeys(
    tenant: string,
    identities: readonly Uint8Array[],
  ): Promise<readonly (LogContentKey & { readonly index: number })[]> {
    const log = this.#log(tenant);
    return identities.flatMap((identity) => {
      const key = log.contentKeys.get(encodeHex(identity));
      return key === undefined ? [] : [{ ...copyKey(key), index: key.index }];
    });
  }

  async tile(tenant: string, level: number, index: number): Promise<Uint8Array | null> {
    return this.#log(tenant).tiles.get(`${level}/${index}`)?.hashes.slice() ?? null;
  }

  async tileRoots(
    tenant: string,
    level: number,
    { from, limit }: { readonly from: number; readonly limit: number },
  ): Promise<readonly Uint8Array[]> {
    const { tiles } = this.#log(tenant);
    const roots: Uint8Array[] = [];
    for (let index = from; index < from + limit; index++) {
      const tile = tiles.get(`${level}/${index}`);
      if (tile === undefined) break;
      roots.push(tile.root.slice());
    }
    return roots;
  }

  async erasePayloads(tenant: string, indexes: readonly number[]): Promise<number> {
    const log = this.#log(tenant);
    const unique = new Set(indexes);
    const erased = [...unique].filter((index) => log.payloads[index]);
    this.#forget(log, unique);
    return erased.length;
  }

  async prune(tenant: string, before: number): Promise<void> {
    const log = this.#log(tenant);
    if (!Number.isSafeInteger(before) || before < 0 || before > log.head.size) throw argument('prune index');
    for (let index = log.first; index < before; index++) delete log.entries[index];
    this.#forget(log, new Set(Array.from({ length: Math.max(0, before - log.first) }, (_, i) => log.first + i)));
    for (const [name, { indexes }] of log.streams) {
      if ((indexes.at(-1) as number) < before) log.streams.delete(name);
    }
    log.first = Math.max(log.first, before);
  }

  async firstIndex(tenant: string): Promise<number> {
    return this.#log(tenant).first;
  }

  async tenants(): Promise<readonly string[]> {
    this.#assertOpen();
    return [...this.#logs.keys()].filter((tenant) => (this.#logs.get(tenant)?.head.size ?? 0) > 0).sort();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #forget(log: TenantLog, indexes: ReadonlySet<number>): void {
    for (const index of indexes) if (log.payloads[index]) log.payloads[index] = null;
    for (const [identity, key] of log.contentKeys) if (indexes.has(key.index)) log.contentKeys.delete(identity);
  }

  #keepNotes(log: TenantLog, notes: readonly LogNote[]): void {
    for (const note of notes) {
      if (note.size > log.head.size) throw argument('note above the head');
      // Notes come in order of their sizes, so all but the rare late one belong at the end.
      let at = log.notes.length;
      while (at > 0 && (log.notes[at - 1] as LogNote).size > note.size) at -= 1;
      if (log.notes[at - 1]?.size !== note.size) log.notes.splice(at, 0, note);
    }
  }

  #log(tenant: string): TenantLog {
    this.#assertOpen();
    if (!scopeNameSchema.safeParse(tenant).success)
      throw new LogStoreError('STORE_TENANT_INVALID', 'tenant name is not valid');
    let log = this.#logs.get(tenant);
    if (log === undefined) {
      log = {
        head: { size: 0, root: emptyRoot() },
        first: 0,
        entries: [],
        payloads: [],
        notes: [],
        tiles: new Map(),
        streams: new Map(),
        contentKeys: new Map(),
      };
      this.#logs.set(tenant, log);
    }
    return log;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new LogStoreError('STORE_CLOSED', 'store is closed');
  }
}

function assertBatch(log: TenantLog, { expected, next, entries }: LogCommit): void {
  if (entries.length === 0 || next.size !== expected.size + entries.length) throw argument('batch size');
  const counts = new Map<string, number>();
  for (const { stream, seq, contentKey } of entries) {
    const count = counts.get(stream) ?? log.streams.get(stream)?.indexes.length ?? 0;
    if (seq !== count) throw argument('position in the stream');
    counts.set(stream, count + 1);
    if (contentKey !== undefined && log.contentKeys.has(encodeHex(contentKey.identity))) throw argument('content key');
  }
}

function argument(what: string): LogStoreError {
  return new LogStoreError('STORE_ARGUMENT_INVALID', `${what} does not fit the log`);
}

function copyEntry({ index, stream, seq, bytes }: LogEntry): LogEntry {
  return { index, stream, seq, bytes: bytes.slice() };
}

function copyPayload(payload: LogPayload | null): LogPayload | null {
  return payload === null ? null : { salt: payload.salt.slice(), bytes: payload.bytes.slice() };
}

function copyKey({ identity, content }: LogContentKey): LogContentKey {
  return { identity: identity.slice(), content: content.slice() };
}
