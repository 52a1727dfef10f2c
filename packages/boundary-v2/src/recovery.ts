import { parseTime } from '@exoarmur/canonical';
import type { HostedOutcome } from '@exoarmur/contracts';
import type { ActionEnd } from './action-result.ts';
import { closeAction, endOf } from './action-run.ts';
import type { ActionStream } from './action-stream.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { releaseBudgets } from './budgets.ts';
import { BoundaryError } from './errors.ts';
import { alertIfAmbiguous, closeExecuted, createOutcome } from './execution-step.ts';

/**
 * Brings a stream that a crash left open to its lawful end, without ever running an executor. Nothing authorised: the
 * action is over. Authorised without an outcome: `ambiguous`, unless a durable grant store proves that the grant was never
 * redeemed and now never will be. Waiting for people: still waiting, or expired.
 */
export async function recoverAction(context: BoundaryContext, stream: ActionStream): Promise<ActionEnd> {
  const { state } = stream;
  switch (state.phase) {
    case 'closed':
      return endOf(stream);
    case 'waiting':
      return expireIfLate(context, stream);
    case 'authorized': {
      const grantDigest = state.grant?.digest ?? null;
      if (grantDigest === null) throw new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', 'the grant was erased');
      const hosted = await settleGrant(context, stream, grantDigest);
      const outcome = createOutcome(stream.intentDigest, grantDigest, hosted);
      await stream.append('execution_completed', outcome);
      await alertIfAmbiguous(context, stream, outcome);
      const end = await closeExecuted({ stream }, hosted.status);
      if (hosted.status === 'failed') {
        await releaseBudgets(context.budgets, stream.intentDigest, context.limits.storeTimeoutMs);
      }
      return end;
    }
    case 'completed': {
      const status = state.outcome?.status ?? null;
      if (status === null) throw new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', 'the outcome was erased');
      return closeExecuted({ stream }, status);
    }
    case 'decided':
      if (state.decision?.verdict === 'deny') return closeAction(stream, 'denied', 'BOUNDARY_INTERRUPTED');
      return closeAction(stream, 'cancelled', 'BOUNDARY_INTERRUPTED');
    case 'target_validated': {
      const isRefused = state.target !== null && state.target.result !== null && state.target.result !== 'valid';
      return closeAction(stream, isRefused ? 'target_refused' : 'cancelled', 'BOUNDARY_INTERRUPTED');
    }
    default:
      return closeAction(stream, 'cancelled', 'BOUNDARY_INTERRUPTED');
  }
}

/** The end of a wait whose time is up; otherwise the wait as it stands. */
export function expireIfLate(context: BoundaryContext, stream: ActionStream): Promise<ActionEnd> | ActionEnd {
  const { state } = stream;
  if (state.approvals.some(({ answer }) => answer?.verdict === 'deny')) {
    return closeAction(stream, 'approval_denied', 'BOUNDARY_APPROVAL_DENIED');
  }
  const expiresAt = state.request?.expiresAt ?? null;
  if (expiresAt !== null && parseTime(expiresAt) <= context.clock.now()) {
    return closeAction(stream, 'approval_expired', 'BOUNDARY_APPROVAL_EXPIRED');
  }
  return endOf(stream);
}

/** Uses the grant up so that nobody can redeem it any more, and says what that proves. */
async function settleGrant(
  { grants }: BoundaryContext,
  stream: ActionStream,
  grantDigest: `sha256:${string}`,
): Promise<HostedOutcome> {
  const { intentDigest } = stream;
  const result = await grants.claim({ grantDigest, intentDigest, purpose: 'void' });
  const isVoid = result.outcome === 'claimed' || result.by.purpose === 'void';
  const neverRan = grants.isDurable && isVoid;
  const [status, errorCode] = neverRan
    ? (['failed', 'BOUNDARY_GRANT_UNUSED'] as const)
    : (['ambiguous', 'BOUNDARY_INTERRUPTED'] as const);
  return { status, errorCode, claimed: {}, observed: {} };
}
