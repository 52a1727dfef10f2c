import { checkPayload, checkStreamChain, parseRecord } from '@exoarmur/audit/reader';
import { digestValue, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalDecided,
  type ApprovalRequest,
  type ApprovalRevoked,
  type AuditLogStore,
  type Decision,
  type Digest,
  INTENT_DIGEST_DOMAIN,
  isIdentifier,
  type JsonObject,
  type Outcome,
  type SealedRecord,
  type TrailKind,
  type TrailPayloads,
  trailPayloadSchemas,
} from '@exoarmur/contracts';
import { SdkError } from './errors.ts';

/** One action as the records tell it. What was erased, or was never recorded, is undefined. */
export interface RecordedAction {
  readonly stream: string;
  readonly records: readonly SealedRecord[];
  readonly intent: ActionIntent | undefined;
  readonly decision: Decision | undefined;
  readonly request: ApprovalRequest | undefined;
  /** Answers to the latest request. */
  readonly answers: readonly ApprovalDecided[];
  /** Digests of those answers that were taken back. */
  readonly revoked: readonly Digest[];
  readonly outcome: Outcome | undefined;
  readonly isClosed: boolean;
}

/**
 * Reads one action out of a store without the key of its log: the records have to be one chain, each payload the one its record
 * commits to, and the intent the one that everybody downstream names. That nobody with access to the whole file made
 * it all up is not established here; a signed checkpoint is needed for that.
 * @throws SdkError SDK_STREAM_UNSOUND; undefined for a stream that is not there
 */
export async function readAction(
  store: AuditLogStore,
  tenant: string,
  stream: string,
): Promise<RecordedAction | undefined> {
  if (!isIdentifier(stream)) return undefined;
  const entries = await store.stream(tenant, stream);
  if (entries.length === 0) return undefined;
  const records = entries.map(({ bytes }) => parseRecord(bytes));
  const chain = checkStreamChain(records);
  if (chain.outcome === 'invalid') throw unsound(chain.failure.reason, `/${chain.failure.record}`);
  const stored = await store.payloads(
    tenant,
    entries.map(({ index }) => index),
  );
  const latest = new Map<string, JsonObject>();
  let answers: ApprovalDecided[] = [];
  const revoked: Digest[] = [];
  for (const [position, record] of records.entries()) {
    latest.delete(record.kind);
    if (record.kind === 'approval_requested') answers = [];
    const payload = stored[position];
    if (payload === null || payload === undefined) continue;
    const value = parseJson(payload.bytes, { maxBytes: payload.bytes.length }) as JsonObject;
    const verdict = checkPayload(record, payload.salt, value);
    if (verdict.outcome === 'invalid') throw unsound(verdict.reason, `/${position}/payload`);
    latest.set(record.kind, value);
    if (record.kind === 'approval_decided') answers.push(value as unknown as ApprovalDecided);
    if (record.kind === 'approval_revoked') revoked.push((value as unknown as ApprovalRevoked).approval_digest);
  }
  const read = <Kind extends TrailKind>(kind: Kind): TrailPayloads[Kind] | undefined => {
    const value = latest.get(kind);
    if (value === undefined) return undefined;
    if (!trailPayloadSchemas[kind].safeParse(value).success) throw unsound('payload_shape_invalid', `/${kind}`);
    // The value itself, not zod's copy: it is what the digests are over.
    return value as unknown as TrailPayloads[Kind];
  };
  const intent = read('intent_received');
  const [request, decision] = [read('approval_requested'), read('verdict_resolved')];
  const digest = intent === undefined ? undefined : digestIntent(intent);
  for (const named of [request, decision]) {
    if (digest !== undefined && named !== undefined && named.intent_digest !== digest) {
      throw unsound('intent_digest_mismatch', '/intent_digest');
    }
  }
  return {
    ...{ stream, records, intent, decision, request, answers, revoked },
    outcome: read('execution_completed'),
    isClosed: latest.has('stream_closed') || records.some(({ kind }) => kind === 'stream_closed'),
  };
}

/** Digest of a whole intent, which everything downstream is bound to. */
export function digestIntent(intent: ActionIntent): Digest {
  return digestValue(INTENT_DIGEST_DOMAIN, intent);
}

function unsound(reason: string, pointer: string): SdkError {
  return new SdkError('SDK_STREAM_UNSOUND', `the records of the action do not agree: ${reason}`, { pointer });
}
