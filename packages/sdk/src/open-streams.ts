import { checkPayload, parseRecord } from '@exoarmur/audit/reader';
import { parseJson } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  isExoArmurError,
  type JsonObject,
  type LogPayload,
  type RecordKind,
  type SealedRecord,
} from '@exoarmur/contracts';
import { unsoundAction } from './action-reader.ts';
import type { SdkError } from './errors.ts';

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

/**
 * Every action of a cell whose stream has no end, oldest first. Reads the last record of each stream of the tenant once.
 * @throws SdkError SDK_STREAM_UNSOUND for one that cannot be read
 */
export async function* listOpenStreams(store: AuditLogStore, scope: LogScope): AsyncGenerator<OpenStream> {
  for await (const { stream, record } of listLastRecords(store, scope)) {
    if (!('kind' in record)) throw record;
    const { kind } = record;
    if (OPEN.has(kind)) yield { stream, lastKind: kind, isWaiting: isWaitingAfter(kind) };
  }
}

/**
 * Every action of a cell whose outcome nobody knows and nobody has found out, oldest first, and every one whose end is not what
 * was recorded: that has to be looked at as well.
 */
export async function* listAmbiguousStreams(store: AuditLogStore, scope: LogScope): AsyncGenerator<string> {
  for await (const { stream, record, index } of listLastRecords(store, scope)) {
    if (!('kind' in record)) yield stream;
    else if (record.kind === 'stream_closed') {
      const [payload] = await store.payloads(scope.tenant, [index]);
      if (payload !== null && payload !== undefined && mayBeAmbiguous(record, payload)) yield stream;
    }
  }
}

function mayBeAmbiguous(record: SealedRecord, { salt, bytes }: LogPayload): boolean {
  let value: JsonObject;
  try {
    value = parseJson(bytes, { maxBytes: bytes.length }) as JsonObject;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return true;
  }
  return checkPayload(record, salt, value).outcome === 'invalid' || value.outcome === 'ambiguous';
}

async function* listLastRecords(
  store: AuditLogStore,
  { tenant, cell }: LogScope,
): AsyncGenerator<{ readonly stream: string; readonly record: SealedRecord | SdkError; readonly index: number }> {
  for (let after = -1; ; ) {
    const page = await store.streams(tenant, { after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.first;
    const names = page.map(({ stream }) => stream);
    for (const { stream, bytes, index } of await store.lastOfStreams(tenant, names)) {
      let record: SealedRecord | SdkError;
      try {
        record = parseRecord(bytes);
        if (record.cell !== cell) continue;
      } catch (cause) {
        if (!isExoArmurError(cause)) throw cause;
        record = unsoundAction(stream, { reason: cause.code, pointer: '', cause });
      }
      yield { stream, record, index };
    }
  }
}
