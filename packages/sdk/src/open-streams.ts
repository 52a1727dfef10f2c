import { parseRecord } from '@exoarmur/audit/reader';
import { parseJson } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  isExoArmurError,
  type RecordKind,
  type SealedRecord,
  type StreamClosed,
} from '@exoarmur/contracts';
import { unsoundAction } from './action-reader.ts';

const PAGE = 256;

/** An action without an end, by its last record. */
export interface OpenStream {
  readonly stream: string;
  readonly lastKind: RecordKind;
  /** Whether people are asked, so that nothing is under way. */
  readonly isWaiting: boolean;
}

/** Kinds of a last record after which the action still goes on. */
const OPEN: ReadonlySet<RecordKind> = new Set<RecordKind>([
  'intent_received',
  'verdict_resolved',
  'approval_requested',
  'approval_decided',
  'approval_revoked',
  'standing_grant_used',
  'target_validated',
  'execution_authorized',
  'execution_completed',
]);
const WAITING: ReadonlySet<RecordKind> = new Set<RecordKind>([
  'approval_requested',
  'approval_decided',
  'approval_revoked',
]);

/** Whether an action waits for people after a record of this kind. */
export function isWaitingAfter(kind: RecordKind | undefined): boolean {
  return kind !== undefined && WAITING.has(kind);
}

/** A part of the log that belongs to one cell of one tenant. */
export interface LogScope {
  readonly tenant: string;
  readonly cell: string;
}

/** Every action of a cell whose stream has no end, oldest first. Reads the last record of each stream of the tenant once. */
export async function* listOpenStreams(store: AuditLogStore, scope: LogScope): AsyncGenerator<OpenStream> {
  for await (const { stream, kind } of listLastRecords(store, scope)) {
    if (OPEN.has(kind)) yield { stream, lastKind: kind, isWaiting: isWaitingAfter(kind) };
  }
}

/** Every action of a cell whose outcome nobody knows and nobody has found out, oldest first. */
export async function* listAmbiguousStreams(store: AuditLogStore, scope: LogScope): AsyncGenerator<string> {
  for await (const { stream, kind, index } of listLastRecords(store, scope)) {
    if (kind !== 'stream_closed') continue;
    const [payload] = await store.payloads(scope.tenant, [index]);
    if (payload === null || payload === undefined) continue;
    const { outcome } = parseJson(payload.bytes, { maxBytes: payload.bytes.length }) as unknown as StreamClosed;
    if (outcome === 'ambiguous') yield stream;
  }
}

async function* listLastRecords(
  store: AuditLogStore,
  { tenant, cell }: LogScope,
): AsyncGenerator<{ readonly stream: string; readonly kind: RecordKind; readonly index: number }> {
  for (let after = -1; ; ) {
    const page = await store.streams(tenant, { after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.first;
    const names = page.map(({ stream }) => stream);
    for (const { stream, bytes, index } of await store.lastOfStreams(tenant, names)) {
      let record: SealedRecord;
      try {
        record = parseRecord(bytes);
      } catch (cause) {
        if (!isExoArmurError(cause)) throw cause;
        throw unsoundAction(stream, { reason: cause.code, pointer: '', cause });
      }
      if (record.cell === cell) yield { stream, kind: record.kind, index };
    }
  }
}
