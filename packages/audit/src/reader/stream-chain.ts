import type { Digest, SealedRecord } from '@exoarmur/contracts';
import { encodeRecord, hashRecord } from './record.ts';

/** Why records do not make one stream. */
export type StreamFailureReason =
  | 'stream_empty'
  | 'stream_tenant_mismatch'
  | 'stream_cell_mismatch'
  | 'stream_name_mismatch'
  | 'stream_correlation_mismatch'
  | 'stream_seq_not_dense'
  | 'stream_prev_mismatch';

/** First place where the records stop being one chain. */
export interface StreamFailure {
  readonly reason: StreamFailureReason;
  /** Position in the list that was given. */
  readonly record: number;
  /** Pointer into that record. */
  readonly pointer: string;
  readonly expected: string;
  readonly found: string;
}

/** The answer to {@link checkStreamChain}. `closed` only says that there is a `stream_closed`. */
export type StreamChainVerdict =
  | {
      readonly outcome: 'valid';
      readonly leafHashes: readonly Digest[];
      readonly head: Digest;
      readonly closed: boolean;
    }
  | { readonly outcome: 'invalid'; readonly failure: StreamFailure };

/**
 * Whether the records, in order, are one whole stream from 0: same tenant, cell, stream and correlation, dense `seq`,
 * `prev` the leaf hash of the record before. Says nothing about a tail that was cut off: `stream_closed` does.
 */
export function checkStreamChain(records: readonly SealedRecord[]): StreamChainVerdict {
  const [first] = records;
  if (first === undefined) return invalid('stream_empty', 0, '', 'at least one record', 'none');
  const leafHashes: Digest[] = [];
  let prev: Digest | null = null;
  for (const [index, record] of records.entries()) {
    if (record.tenant !== first.tenant) {
      return invalid('stream_tenant_mismatch', index, '/tenant', first.tenant, record.tenant);
    }
    if (record.cell !== first.cell) return invalid('stream_cell_mismatch', index, '/cell', first.cell, record.cell);
    if (record.stream !== first.stream) {
      return invalid('stream_name_mismatch', index, '/stream', first.stream, record.stream);
    }
    if (record.correlation !== first.correlation) {
      return invalid('stream_correlation_mismatch', index, '/correlation', first.correlation, record.correlation);
    }
    if (record.seq !== index) return invalid('stream_seq_not_dense', index, '/seq', String(index), String(record.seq));
    if (record.prev !== prev) return invalid('stream_prev_mismatch', index, '/prev', String(prev), String(record.prev));
    prev = hashRecord(encodeRecord(record));
    leafHashes.push(prev);
  }
  return {
    outcome: 'valid',
    leafHashes,
    head: prev as Digest,
    closed: records.some(({ kind }) => kind === 'stream_closed'),
  };
}

function invalid(
  reason: StreamFailureReason,
  record: number,
  pointer: string,
  expected: string,
  found: string,
): StreamChainVerdict {
  return { outcome: 'invalid', failure: { reason, record, pointer, expected, found } };
}
