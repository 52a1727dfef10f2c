import { advanceTrail, initialTrail, isClosed, type TrailState } from '@exoarmur/audit/trail';
import {
  CanonicalError,
  canonicalizeToBytes,
  commitPayload,
  decodeBase64,
  formatDigest,
  hashLeaf,
} from '@exoarmur/canonical';
import { type LegacyObject, toLegacyValue } from '@exoarmur/canonical/legacy-python';
import { type Digest, type DisclosedPayload, type SealedRecord, sealedRecordSchema } from '@exoarmur/contracts';
import { oneLine } from './one-line.ts';
import type { ReplayLedger } from './replay-ledger.ts';
import type { ReplayReport } from './replay-report.ts';

/** One whole stream as a log gives it out: its records in order and what is disclosed of their payloads. */
export interface RecordedStream {
  readonly records: readonly SealedRecord[];
  readonly payloads: ReadonlyMap<Digest, DisclosedPayload>;
}

/** Whether an item of a store is a stream and no event. */
export function isRecordedStream(item: unknown): item is RecordedStream {
  return (
    typeof item === 'object' &&
    item !== null &&
    Array.isArray((item as { records?: unknown }).records) &&
    (item as { payloads?: unknown }).payloads instanceof Map
  );
}

/**
 * Replays the streams of one correlation: shape, chain and commitments of the records, and the state machine that the
 * pipeline obeyed. What was withheld, and an action that has not ended, leave the report `partial`.
 */
export function replayStreams(
  correlationId: string,
  streams: readonly RecordedStream[],
  ledger: ReplayLedger,
): ReplayReport {
  const scope = new Set<string>();
  const names = new Set<string>();
  for (const [index, stream] of streams.entries()) {
    ledger.totalEvents += stream.records.length;
    const first = stream.records[0];
    if (first === undefined) ledger.fail(`Stream at ${index} holds no record`);
    for (const record of stream.records) scope.add(`${record?.tenant} ${record?.cell}`);
    const name = String(first?.stream);
    if (names.has(name)) ledger.fail(`Streams with the same name: ${oneLine(name, 128)}`);
    names.add(name);
    replayStream(correlationId, stream, ledger);
  }
  if (scope.size > 1) ledger.fail('Streams of more than one tenant or cell');
  return ledger.processedEvents === 0 ? ledger.abandon() : ledger.finish();
}

function replayStream(correlationId: string, { records, payloads }: RecordedStream, ledger: ReplayLedger): void {
  let state: TrailState = initialTrail();
  let prev: Digest | null = null;
  for (const [index, record] of records.entries()) {
    const place = `Stream ${oneLine(String(records[0]?.stream), 128)} record ${index}`;
    const disclosed = sealedRecordSchema.safeParse(record).success ? payloads.get(record.payload.digest) : undefined;
    const step = takeStep(state, record, disclosed, { correlationId, prev });
    if ('code' in step) {
      ledger.fail(`${place}: ${step.code} at ${oneLine(step.pointer, 200)}`);
      ledger.doubtGate();
      return;
    }
    if (disclosed === undefined) {
      ledger.warn(`${place}: payload_withheld`);
      if (record.kind === 'intent_received' || record.kind === 'verdict_resolved') ledger.doubtIntent();
      if (record.kind === 'verdict_resolved') ledger.doubtGate();
    } else keep(record, disclosed, ledger);
    ({ state, prev } = step);
    ledger.processedEvents += 1;
  }
  if (records.length > 0 && !isClosed(state)) ledger.warn(`Stream ${records[0]?.stream} is not closed`);
}

type StreamStep =
  | { readonly state: TrailState; readonly prev: Digest }
  | { readonly code: string; readonly pointer: string };

/** One record onto the chain and through the state machine, or the first rule that it breaks. */
function takeStep(
  state: TrailState,
  record: SealedRecord,
  disclosed: DisclosedPayload | undefined,
  expected: { readonly correlationId: string; readonly prev: Digest | null },
): StreamStep {
  if (!sealedRecordSchema.safeParse(record).success) return { code: 'record_malformed', pointer: '' };
  if (record.correlation !== expected.correlationId) return { code: 'correlation_mismatch', pointer: '/correlation' };
  if (record.prev !== expected.prev) return { code: 'chain_broken', pointer: '/prev' };
  if (disclosed !== undefined && !isCommitted(record, disclosed)) {
    return { code: 'payload_commitment_mismatch', pointer: '/payload' };
  }
  const verdict = advanceTrail(state, { record, payload: disclosed?.value });
  if (verdict.outcome === 'unlawful') return verdict.violation;
  return { state: verdict.state, prev: formatDigest(hashLeaf(canonicalizeToBytes(record))) };
}

function isCommitted(record: SealedRecord, { salt, value }: DisclosedPayload): boolean {
  try {
    const bytes = decodeBase64(salt);
    return (
      bytes.length === 16 &&
      commitPayload(bytes, value) === record.payload.digest &&
      canonicalizeToBytes(value).length === record.payload.size
    );
  } catch (error) {
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

/** What the report shows of a record whose payload has passed its schema. */
function keep({ kind, stream, seq }: SealedRecord, { value }: DisclosedPayload, ledger: ReplayLedger): void {
  if (kind === 'intent_received') ledger.intents.set(stream, toLegacyValue(value) as LegacyObject);
  if (kind !== 'verdict_resolved') return;
  ledger.decisions.set(`${stream}/${seq}`, toLegacyValue(value) as LegacyObject);
  const safety = value.safety as { readonly verdict: string };
  ledger.verdicts.set(`${stream}/${seq}`, safety.verdict);
}
