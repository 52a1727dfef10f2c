import { formatTlogProof } from '@exoarmur/canonical';
import type { AuditLogStore, LogNote, SealedRecord, StreamEvidence } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { LogTree } from '../internal/log-tree.ts';
import { gatherEvidence } from '../internal/stream-evidence.ts';

/** C2SP tlog-proof of one record under the latest note the store keeps; needs no key. @throws AuditError AUDIT_RECORD_NOT_FOUND */
export async function proveRecord(store: AuditLogStore, tenant: string, index: number): Promise<string> {
  const { size, note } = await latestNote(store, tenant);
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) {
    throw new AuditError('AUDIT_RECORD_NOT_FOUND', `signed log has no record ${index}`);
  }
  return formatTlogProof({
    index,
    path: await new LogTree(store, tenant).proveInclusion(index, size),
    checkpoint: note,
  });
}

/**
 * Everything of one stream under the latest note the store keeps, with the payloads that are to be disclosed.
 * @throws AuditError AUDIT_STREAM_NOT_FOUND, AUDIT_RECORD_PRUNED, AUDIT_RECORD_NOT_FOUND when nothing was signed yet
 */
export async function exportStream(options: {
  readonly store: AuditLogStore;
  readonly tenant: string;
  readonly stream: string;
  readonly vkey: string;
  readonly disclose?: (record: SealedRecord) => boolean;
}): Promise<StreamEvidence> {
  const { store, tenant } = options;
  return gatherEvidence({ ...options, ...(await latestNote(store, tenant)), tree: new LogTree(store, tenant) });
}

/** RFC 6962 consistency path between two sizes of a stored log; needs no key. @throws RangeError, AuditError AUDIT_LOG_CORRUPT */
export function proveGrowth(
  store: AuditLogStore,
  tenant: string,
  sizes: { readonly from: number; readonly to: number },
): Promise<Uint8Array[]> {
  return new LogTree(store, tenant).proveConsistency(sizes.from, sizes.to);
}

async function latestNote(store: AuditLogStore, tenant: string): Promise<LogNote> {
  const note = await store.latestNote(tenant);
  if (note === null) throw new AuditError('AUDIT_RECORD_NOT_FOUND', 'log has no signed checkpoint yet');
  return note;
}
