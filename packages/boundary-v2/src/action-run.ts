import { type CloseReason, InvariantError } from '@exoarmur/contracts';
import { type ActionEnd, type DenialCode, readResult } from './action-result.ts';
import type { ActionStream } from './action-stream.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { BoundaryError } from './errors.ts';
import type { IntentSnapshot } from './intent-snapshot.ts';

/** One action on its way through the boundary. */
export interface ActionRun {
  readonly context: BoundaryContext;
  readonly snapshot: IntentSnapshot;
  readonly stream: ActionStream;
  readonly cancel: AbortSignal | undefined;
}

/** Step 8: the one terminal record. The code goes into its `detail`. */
export async function closeAction(
  stream: ActionStream,
  reason: CloseReason,
  code: DenialCode | '',
): Promise<ActionEnd> {
  const { state } = stream;
  await stream.append('stream_closed', {
    schema: 'exoarmur.stream-closed/1',
    intent_digest: stream.intentDigest,
    reason,
    // Whatever was asked of people: only an allow permits.
    final_verdict: state.decision?.verdict === 'allow' ? 'allow' : 'deny',
    outcome: state.outcome?.status ?? null,
    record_count: state.count + 1,
    detail: code,
  });
  return endOf(stream);
}

/**
 * What the stream says now. @throws BoundaryError BOUNDARY_EVIDENCE_INCOMPLETE when the request it waits on was erased,
 * InvariantError when it is at no stop at all.
 */
export function endOf(stream: ActionStream): ActionEnd {
  const end = readResult(stream);
  if (end === undefined && stream.state.phase === 'waiting') {
    throw new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', 'the request for approval was erased');
  }
  if (end === undefined) throw new InvariantError('an action came to a stop without a result');
  return end;
}
