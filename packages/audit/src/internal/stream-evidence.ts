import { decodeUtf8, encodeBase64, parseJson } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  type Digest,
  type DisclosedPayload,
  type JsonObject,
  quoteForMessage,
  type RecordProof,
  type SealedRecord,
  type StreamEvidence,
} from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { parseRecord } from '../reader/record.ts';
import type { LogTree } from './log-tree.ts';

/** Which stream, proved under which signed head, with which payloads. */
export interface EvidenceRequest {
  readonly store: AuditLogStore;
  readonly tenant: string;
  readonly stream: string;
  readonly tree: LogTree;
  readonly size: number;
  readonly note: string;
  readonly vkey: string;
  /** Whether the payload of a record is disclosed; all of them unless told. */
  readonly disclose?: (record: SealedRecord) => boolean;
}

/** Records, proofs and payloads of one stream. @throws AuditError AUDIT_STREAM_NOT_FOUND, AUDIT_RECORD_PRUNED */
export async function gatherEvidence(request: EvidenceRequest): Promise<StreamEvidence> {
  const { store, tenant, stream, tree, size, note, vkey, disclose = () => true } = request;
  const entries = (await store.stream(tenant, stream)).filter(({ index }) => index < size);
  if (entries.length === 0) {
    throw new AuditError('AUDIT_STREAM_NOT_FOUND', `log has no stream ${quoteForMessage(stream)}`);
  }
  if (entries[0]?.seq !== 0) throw new AuditError('AUDIT_RECORD_PRUNED', 'the beginning of the stream was pruned');
  const indexes = entries.map(({ index }) => index);
  const stored = await store.payloads(tenant, indexes);
  const records = entries.map(({ bytes }) => parseRecord(bytes));
  const payloads = new Map<Digest, DisclosedPayload>();
  const proofs: RecordProof[] = [];
  for (const [position, record] of records.entries()) {
    const payload = stored[position];
    if (payload && disclose(record)) {
      const value = parseJson(decodeUtf8(payload.bytes)) as JsonObject;
      payloads.set(record.payload.digest, { salt: encodeBase64(payload.salt), value });
    }
    const index = indexes[position] as number;
    proofs.push({ index, path: (await tree.proveInclusion(index, size)).map(encodeBase64) });
  }
  return { records, payloads, proofs, checkpoint: note, vkey };
}
