import type { CellAuditSink, CellDraft } from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import { BoundaryError } from './errors.ts';
import { readReceipt } from './log-answers.ts';

/**
 * Records a fact of the cell in its stream. `what` is told of when it was not, or not in time; `instead` is the cause then, if it
 * says more than what the log threw.
 * @throws BoundaryError BOUNDARY_LOG_UNAVAILABLE
 */
export async function recordFact(
  log: CellAuditSink,
  draft: Omit<CellDraft, 'correlation' | 'trace'>,
  { what, timeoutMs, instead }: { readonly what: string; readonly timeoutMs: number; readonly instead?: BoundaryError },
): Promise<void> {
  const { stream, kind, expectedSeq: seq } = draft;
  const settled = await settleWithin(timeoutMs, async () => {
    const receipt: unknown = await log.appendCell({ correlation: stream, trace: null, ...draft });
    readReceipt(receipt, seq === undefined ? { stream, kind } : { stream, kind, seq });
  });
  if (settled.outcome === 'returned') return;
  const cause = instead ?? (settled.outcome === 'threw' ? settled.error : undefined);
  throw new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', `${what} was not recorded`, { cause });
}
