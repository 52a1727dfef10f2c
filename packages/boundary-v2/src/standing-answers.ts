import type { ActionIntent, ApprovalFact, ApprovalRequest } from '@exoarmur/contracts';
import type { ActionStream } from './action-stream.ts';
import { verifyApproval } from './approval.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { isRefusal } from './operator-signature.ts';
import { holdsStill } from './standing-grant.ts';

/**
 * Answers to the latest request that hold now: one taken back, one of an operator revoked since, one that expired since, and a
 * standing grant revoked since are out. @throws BoundaryError BOUNDARY_OPERATORS_UNAVAILABLE or BOUNDARY_CLOCK_UNAVAILABLE when that cannot be told
 */
export async function readAnswers(
  context: BoundaryContext,
  stream: ActionStream,
  intent: ActionIntent,
  request: ApprovalRequest,
): Promise<ApprovalFact[]> {
  const { clock, operators } = context;
  const answered: ApprovalFact[] = [];
  const used = stream.standingGrant();
  const standing = used === undefined ? undefined : await holdsStill(context, intent, request, used.envelope);
  if (standing !== undefined) answered.push(standing);
  for (const { envelope, approval_digest } of stream.answers()) {
    if (stream.state.approvals.some(({ answer }) => answer?.digest === approval_digest && answer.isRevoked)) continue;
    try {
      answered.push((await verifyApproval(envelope, { request, intent, operators, answered, clock })).fact);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return answered;
}

/** Whether everything a decision rests on still holds, just before it becomes an authority. */
export async function restsOnStandingAnswers(
  context: BoundaryContext,
  stream: ActionStream,
  intent: ActionIntent,
  facts: readonly ApprovalFact[],
): Promise<boolean> {
  if (facts.length === 0) return true;
  const request = stream.latest('approval_requested');
  if (request === undefined) return false;
  const holding = new Set((await readAnswers(context, stream, intent, request)).map((fact) => fact.approval_digest));
  return facts.every(({ approval_digest }) => holding.has(approval_digest));
}
