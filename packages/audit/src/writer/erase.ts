import type { AuditLogStore, SealedRecord } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { parseRecord } from '../reader/record.ts';

/** Whose payloads are to be erased: of one stream, of every stream of a correlation, or of one actor. */
export type EraseSelection =
  | { readonly stream: string }
  | { readonly correlation: string }
  /** Every stream that the actor asked for, and every record in which it acts. */
  | { readonly subject: string };

/** An order to erase. It is recorded before anything is deleted. */
export interface EraseOrder {
  readonly selection: EraseSelection;
  readonly requestedBy: SealedRecord['actor'];
  /** Why, in one line; it stays in the log for as long as its own payload does. */
  readonly reason: string;
}

const PAGE = 1000;

/** Indexes of the records an order covers, ascending. @throws AuditError AUDIT_STREAM_NOT_FOUND when there are none. */
export async function findErasable(store: AuditLogStore, tenant: string, selection: EraseSelection): Promise<number[]> {
  const indexes = new Set<number>();
  for await (const index of select(store, tenant, selection)) indexes.add(index);
  if (indexes.size === 0) throw new AuditError('AUDIT_STREAM_NOT_FOUND', 'log has no record of this selection');
  return [...indexes].sort((a, b) => a - b);
}

async function* select(store: AuditLogStore, tenant: string, selection: EraseSelection): AsyncGenerator<number> {
  if ('stream' in selection) yield* ofStream(store, tenant, selection.stream);
  else if ('correlation' in selection) yield* ofCorrelation(store, tenant, selection.correlation);
  else yield* ofSubject(store, tenant, selection.subject);
}

async function* ofStream(store: AuditLogStore, tenant: string, stream: string): AsyncGenerator<number> {
  for (const { index } of await store.stream(tenant, stream)) yield index;
}

async function* ofCorrelation(store: AuditLogStore, tenant: string, correlation: string): AsyncGenerator<number> {
  for (let after = -1; ; ) {
    const streams = await store.streams(tenant, { correlation, after, limit: PAGE });
    for (const { stream } of streams) yield* ofStream(store, tenant, stream);
    const last = streams.at(-1);
    if (last === undefined) return;
    after = last.first;
  }
}

async function* ofSubject(store: AuditLogStore, tenant: string, subject: string): AsyncGenerator<number> {
  const { size } = await store.head(tenant);
  for (let from = await store.firstIndex(tenant); from < size; from += PAGE) {
    for (const { index, bytes } of await store.entries(tenant, { from, limit: PAGE })) {
      const record = parseRecord(bytes);
      if (record.actor.id !== subject || record.kind === 'payload_erased') continue;
      yield index;
      if (record.kind === 'intent_received') yield* ofStream(store, tenant, record.stream);
    }
  }
}
