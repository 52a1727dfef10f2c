import type { Check } from './check.ts';
import type { ParsedBundle } from './parsed-bundle.ts';

const SCOPE = ['tenant', 'cell', 'correlation', 'stream'] as const;

/**
 * Is anything missing: one stream of one tenant and cell, dense from 0, closed by its last record, with the count that the
 * closing record and the signed statement state.
 */
export function checkCompleteness({ records, statement }: ParsedBundle, check: Check): void {
  const first = records[0]?.record;
  records.forEach(({ record }, index) => {
    if (record.seq !== index) {
      check.fail('seq_gap', { pointer: `/records/${index}/seq`, record: index, expected: index, found: record.seq });
    }
    for (const member of SCOPE) {
      const [expected, found] = [first?.[member] ?? null, record[member]];
      if (expected === found) continue;
      check.fail('stream_mixed', { pointer: `/records/${index}/${member}`, record: index, expected, found });
    }
    if (record.kind === 'stream_closed' && records[index + 1] !== undefined && !isResolved(records, index)) {
      check.fail('record_after_close', { pointer: `/records/${index + 1}`, record: index + 1 });
    }
  });
  const end = isResolved(records, records.length - 2) ? records.length - 2 : records.length - 1;
  const last = records[end];
  if (last !== undefined && last.record.kind !== 'stream_closed') {
    const at = end;
    check.fail('stream_not_closed', {
      pointer: `/records/${at}/kind`,
      record: at,
      expected: 'stream_closed',
      found: last.record.kind,
    });
  }
  compareCount('/statement/payload/predicate/record_count', records.length, statement.predicate.record_count, check);
  const stated = last?.record.kind === 'stream_closed' ? last.payload?.value.record_count : undefined;
  if (last !== undefined && typeof stated === 'number') {
    compareCount(`/payloads/${last.record.payload.digest}/value/record_count`, end + 1, stated, check);
  }
}

/** After its end a stream has at most one more record: what a person found out about an ambiguous outcome. */
function isResolved(records: ParsedBundle['records'], end: number): boolean {
  const [closed, next] = [records[end]?.record.kind, records[end + 1]?.record.kind];
  return closed === 'stream_closed' && next === 'ambiguity_resolved' && end === records.length - 2;
}

function compareCount(pointer: string, expected: number, found: number, check: Check): void {
  if (expected !== found) check.fail('record_count_mismatch', { pointer, expected, found });
}
