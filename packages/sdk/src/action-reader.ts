import { checkPayload, checkStreamChain, parseRecord } from '@exoarmur/audit/reader';
import { digestValue, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalDecided,
  type ApprovalRequest,
  type AuditLogStore,
  type Decision,
  type Digest,
  INTENT_DIGEST_DOMAIN,
  isExoArmurError,
  isIdentifier,
  isTrailKind,
  type JsonObject,
  type Outcome,
  quoteForMessage,
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

/** An action whose records cannot be relied on, and why. */
export interface UnsoundAction {
  readonly stream: string;
  /** SDK_STREAM_UNSOUND. */
  readonly error: SdkError;
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
  const unsound = (reason: string, pointer: string, cause?: unknown) =>
    unsoundAction(stream, { reason, pointer, cause });
  const entries = await store.stream(tenant, stream);
  if (entries.length === 0) return undefined;
  const read = <Value>(position: number, parse: () => Value): Value => {
    try {
      return parse();
    } catch (error) {
      if (!isExoArmurError(error)) throw error;
      throw unsound(error.code, `/${position}`, error);
    }
  };
  const records = entries.map(({ bytes }, position) => read(position, () => parseRecord(bytes)));
  const chain = checkStreamChain(records);
  if (chain.outcome === 'invalid') throw unsound(chain.failure.reason, `/${chain.failure.record}`);
  if (records[0]?.stream !== stream) throw unsound('stream_name_mismatch', '/0');
  if (records[0].tenant !== tenant) throw unsound('stream_tenant_mismatch', '/0');
  const stored = await store.payloads(
    tenant,
    entries.map(({ index }) => index),
  );
  const latest = new Map<string, JsonObject>();
  // The value itself, not zod's copy: it is what the digests are over.
  const latestOf = <Kind extends TrailKind>(kind: Kind) => latest.get(kind) as TrailPayloads[Kind] | undefined;
  let answers: ApprovalDecided[] = [];
  const revoked: Digest[] = [];
  for (const [position, record] of records.entries()) {
    latest.delete(record.kind);
    if (record.kind === 'approval_requested') answers = [];
    const payload = stored[position];
    if (payload === null || payload === undefined) continue;
    const { bytes } = payload;
    const value = read(position, () => parseJson(bytes, { maxBytes: bytes.length })) as JsonObject;
    const verdict = checkPayload(record, payload.salt, value);
    if (verdict.outcome === 'invalid') throw unsound(verdict.reason, `/${position}/payload`);
    if (isTrailKind(record.kind) && !trailPayloadSchemas[record.kind].safeParse(value).success) {
      throw unsound('payload_shape_invalid', `/${position}/payload`);
    }
    latest.set(record.kind, value);
    const decided = record.kind === 'approval_decided' ? latestOf('approval_decided') : undefined;
    const taken = record.kind === 'approval_revoked' ? latestOf('approval_revoked') : undefined;
    if (decided !== undefined) answers.push(decided);
    if (taken !== undefined) revoked.push(taken.approval_digest);
  }
  const intent = latestOf('intent_received');
  const [request, decision] = [latestOf('approval_requested'), latestOf('verdict_resolved')];
  const digest = intent === undefined ? undefined : digestIntent(intent);
  for (const named of [request, decision]) {
    if (digest !== undefined && named !== undefined && named.intent_digest !== digest) {
      throw unsound('intent_digest_mismatch', '/intent_digest');
    }
  }
  return {
    ...{ stream, records, intent, decision, request, answers, revoked },
    outcome: latestOf('execution_completed'),
    isClosed: latest.has('stream_closed') || records.some(({ kind }) => kind === 'stream_closed'),
  };
}

/** Digest of a whole intent, which everything downstream is bound to. */
export function digestIntent(intent: ActionIntent): Digest {
  return digestValue(INTENT_DIGEST_DOMAIN, intent);
}

/** What is wrong with the records of an action. */
export function unsoundAction(
  stream: string,
  { reason, pointer, cause }: { readonly reason: string; readonly pointer: string; readonly cause?: unknown },
): SdkError {
  const message = `the records of ${quoteForMessage(stream)} do not agree: ${reason}`;
  return new SdkError('SDK_STREAM_UNSOUND', message, { pointer, cause });
}
