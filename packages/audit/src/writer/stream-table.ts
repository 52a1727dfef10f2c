import { type AuditLogStore, type Digest, isTrailKind } from '@exoarmur/contracts';
import { hashRecord, parseRecord } from '../reader/record.ts';
import { endsStream } from './draft.ts';

/** How far a stream got. */
export interface StreamPosition {
  readonly count: number;
  readonly head: Digest | null;
  /** Null while the stream is empty. */
  readonly correlation: string | null;
  readonly isAction: boolean | null;
  readonly isClosed: boolean;
}

const EMPTY: StreamPosition = { count: 0, head: null, correlation: null, isAction: null, isClosed: false };

/** Positions remembered between batches. */
const MAX_POSITIONS = 10_000;

/** Positions of the streams in use, read from the store once and kept as long as no other writer appends. */
export class StreamTable {
  readonly #store: AuditLogStore;
  readonly #tenant: string;
  readonly #positions = new Map<string, StreamPosition>();

  constructor(store: AuditLogStore, tenant: string) {
    this.#store = store;
    this.#tenant = tenant;
  }

  /** Makes the positions of these streams known. @throws AuditError AUDIT_RECORD_MALFORMED for a corrupt store. */
  async load(streams: readonly string[]): Promise<void> {
    const unknown = new Set<string>();
    for (const stream of streams) if (!this.#positions.has(stream)) unknown.add(stream);
    if (unknown.size === 0) return;
    if (this.#positions.size + unknown.size > MAX_POSITIONS && this.#positions.size > 0) {
      this.#positions.clear();
      return this.load(streams);
    }
    for (const { stream, bytes } of await this.#store.lastOfStreams(this.#tenant, [...unknown])) {
      const record = parseRecord(bytes);
      this.#positions.set(stream, {
        count: record.seq + 1,
        head: hashRecord(bytes),
        correlation: record.correlation,
        isAction: isTrailKind(record.kind),
        isClosed: endsStream(record.kind),
      });
    }
    for (const stream of unknown) if (!this.#positions.has(stream)) this.#positions.set(stream, EMPTY);
  }

  /** Whether the position of a stream is known. */
  has(stream: string): boolean {
    return this.#positions.has(stream);
  }

  /** The position of a stream that was loaded. */
  get(stream: string): StreamPosition {
    return this.#positions.get(stream) ?? EMPTY;
  }

  set(stream: string, position: StreamPosition): void {
    this.#positions.set(stream, position);
  }

  clear(): void {
    this.#positions.clear();
  }
}
