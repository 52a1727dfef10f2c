import { parseRecord } from '@exoarmur/audit/reader';
import type { AuditLogStore, JsonObject, LogEntry, SealedRecord } from '@exoarmur/contracts';
import type { RecordedDecision } from '@exoarmur/replay/policy-change';
import { openPayload } from '../replay/open-payload.ts';

/** A part of a log, by record index. */
export interface LogRange {
  readonly tenant: string;
  readonly from: number;
  readonly to: number;
  /** Decisions recorded before this time are left out; canonical time text. */
  readonly since?: string;
}

const PAGE = 512;
/** Intents remembered until their decision comes; one that was forgotten is read again. */
const MAX_INTENTS = 4096;

interface Sealed {
  readonly entry: LogEntry;
  readonly record: SealedRecord;
}

/**
 * Every decision of a part of a log with the intent of its stream, in the order of the log. A payload that was erased, or is
 * not the one its record commits to, is given as withheld: what cannot be told from a forgery is no evidence.
 * Whether the records are those of the signed log is for `log fsck` to say.
 */
export async function* readRecordedDecisions(store: AuditLogStore, range: LogRange): AsyncGenerator<RecordedDecision> {
  const { tenant, from, to, since } = range;
  const intents = new Map<string, JsonObject | undefined>();
  for (let at = from; at < to; at += PAGE) {
    const page = (await store.entries(tenant, { from: at, limit: Math.min(PAGE, to - at) })).map(toSealed);
    const wanted = page.filter(({ record }) => isWanted(record, since));
    const values = await readPayloads(store, tenant, wanted);
    for (const [index, { record }] of wanted.entries()) {
      const { stream, seq } = record;
      const value = values[index];
      if (record.kind === 'intent_received') {
        const [oldest] = intents.keys();
        if (intents.size >= MAX_INTENTS && oldest !== undefined) intents.delete(oldest);
        intents.set(stream, value);
        continue;
      }
      if (!intents.has(stream)) intents.set(stream, await readIntent(store, tenant, stream));
      yield { stream, seq, intent: intents.get(stream), decision: value };
    }
  }
}

function isWanted({ kind, time }: SealedRecord, since: string | undefined): boolean {
  if (kind === 'intent_received') return true;
  return kind === 'verdict_resolved' && (since === undefined || time >= since);
}

async function readIntent(store: AuditLogStore, tenant: string, stream: string): Promise<JsonObject | undefined> {
  const [first] = await store.stream(tenant, stream);
  if (first === undefined) return undefined;
  const sealed = toSealed(first);
  if (sealed.record.kind !== 'intent_received') return undefined;
  const [value] = await readPayloads(store, tenant, [sealed]);
  return value;
}

async function readPayloads(
  store: AuditLogStore,
  tenant: string,
  sealed: readonly Sealed[],
): Promise<readonly (JsonObject | undefined)[]> {
  const payloads = await store.payloads(
    tenant,
    sealed.map(({ entry }) => entry.index),
  );
  return sealed.map(({ record }, index) => openPayload(record, payloads[index] ?? null));
}

function toSealed(entry: LogEntry): Sealed {
  return { entry, record: parseRecord(entry.bytes) };
}
