import { parseTime } from '@exoarmur/canonical';
import type { AppendReceipt, SealedRecord } from '@exoarmur/contracts';

/** The record that a log was asked for, as far as it is known before. */
export type AskedRecord = Pick<SealedRecord, 'stream' | 'kind'> & Partial<Pick<SealedRecord, 'seq' | 'time'>>;

/**
 * When the log sealed a record, by its receipt. Throws for a receipt of another record, or none: whoever answers anything else
 * has not said that the record is there.
 */
export function readReceipt(receipt: unknown, asked: AskedRecord): string {
  const { stream, kind, seq, time } = (receipt as AppendReceipt).record;
  const isPlace = asked.seq === undefined ? Number.isSafeInteger(seq) && seq >= 0 : seq === asked.seq;
  if (stream !== asked.stream || kind !== asked.kind || !isPlace) throw new TypeError('the log sealed another record');
  if (asked.time === undefined || time !== asked.time) parseTime(time);
  return time;
}
