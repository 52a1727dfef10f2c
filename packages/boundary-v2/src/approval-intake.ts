import { digestValue } from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_DIGEST_DOMAIN,
  type ApprovalFact,
  type ApprovalRequest,
  type ApprovalRevocation,
  type Digest,
} from '@exoarmur/contracts';
import type { ActionEnd } from './action-result.ts';
import { endOf } from './action-run.ts';
import { decideAndAct } from './action-steps.ts';
import type { ActionStream } from './action-stream.ts';
import { readApproval, type VerifiedApproval, verifyApproval, verifyApprovalRevocation } from './approval.ts';
import type { BoundaryContext } from './boundary-context.ts';
import type { BoundaryError } from './errors.ts';
import { snapshotIntent } from './intent-snapshot.ts';
import { isRefusal, refuse } from './operator-signature.ts';
import { expireIfLate } from './recovery.ts';
import { readAnswers } from './standing-answers.ts';

/** What an answer meets: the request and the intent of an action that waits, or the end of a wait whose time is up. */
type Wait = { readonly late: ActionEnd } | OpenWait;

interface OpenWait {
  readonly late?: never;
  readonly intent: ActionIntent;
  readonly request: ApprovalRequest;
}

/**
 * Takes a signed answer to the open request of a stream. Once enough people agreed, the action is decided again on the
 * facts of that moment and goes on, also where one of them is handed in again because it did not; one denial ends it. @throws BoundaryError for each refused answer, which changes nothing
 */
export async function takeApproval(
  context: BoundaryContext,
  stream: ActionStream,
  envelope: unknown,
  cancel: AbortSignal | undefined,
): Promise<ActionEnd> {
  const wait = await openWait(context, stream, envelope);
  if (wait.late !== undefined) return wait.late;
  const { intent, request } = wait;
  const { clock, operators } = context;
  const answered = await readAnswers(context, stream, intent, request);
  const goOn = (approvals: readonly ApprovalFact[]) =>
    decideAndAct({ context, snapshot: snapshotIntent(intent), stream, cancel }, approvals);
  if (stream.answers().some((given) => isSame(given.envelope, envelope))) {
    // Enough people agreed, and a fault or a crash came between the record of that and what follows from it.
    if (answered.length >= request.requirement.quorum) return goOn(answered);
    throw refuse('BOUNDARY_APPROVAL_REUSED', 'this very approval was given already');
  }
  const approval = await verifyApproval(envelope, { request, intent, operators, answered, clock });
  await stream.append(
    'approval_decided',
    { schema: 'exoarmur.approval-decided/1', approval_digest: approval.digest, envelope: approval.envelope },
    { type: 'human', id: approval.fact.approver_id },
    [approval.fact.expires_at, request.expires_at],
  );
  if (approval.fact.verdict === 'deny') return expireIfLate(context, stream);
  const approvals = [...answered, approval.fact];
  if (approvals.length < request.requirement.quorum) return expireIfLate(context, stream);
  return goOn(approvals);
}

/**
 * Takes an approval back that its giver no longer stands by. The action still waits afterwards. One that was not taken yet is
 * handed in with its revocation, and recorded with it in one go: no copy of it counts any more.
 * @throws BoundaryError BOUNDARY_APPROVAL_UNKNOWN, with the reason as cause, where neither counts; the revocation itself was good then
 */
export async function takeRevocation(
  context: BoundaryContext,
  stream: ActionStream,
  input: unknown,
  untaken: unknown,
): Promise<ActionEnd> {
  const wait = await openWait(context, stream, input);
  if (wait.late !== undefined) return wait.late;
  const { operators } = context;
  const { envelope, value } = await verifyApprovalRevocation(input, { intentDigest: stream.intentDigest, operators });
  const held = stream.state.approvals.some(
    ({ answer }) =>
      answer !== null &&
      answer.digest === value.approval_digest &&
      answer.approverId === value.approver_id &&
      answer.verdict === 'approve' &&
      !answer.isRevoked,
  );
  if (!held) await stageUntaken(context, stream, wait, { untaken, revocation: value });
  await stream.append(
    'approval_revoked',
    { schema: 'exoarmur.approval-revoked/1', approval_digest: value.approval_digest, envelope },
    { type: 'human', id: value.approver_id },
  );
  return endOf(stream);
}

/**
 * Keeps an approval back that is recorded together with its revocation, also where it could not count at the moment: that may
 * change while the action waits, and then a copy of it must not.
 */
async function stageUntaken(
  context: BoundaryContext,
  stream: ActionStream,
  { intent, request }: OpenWait,
  { untaken, revocation }: { readonly untaken: unknown; readonly revocation: ApprovalRevocation },
): Promise<void> {
  const unknown = (cause?: unknown) =>
    refuse('BOUNDARY_APPROVAL_UNKNOWN', 'there is no such approval to take back', '/approval_digest', cause);
  if (untaken === undefined) throw unknown();
  const { clock, operators } = context;
  let approval: VerifiedApproval;
  try {
    approval = await readApproval(untaken, { request, intent, operators, clock });
  } catch (error) {
    throw isRefusal(error) ? unknown(error) : error;
  }
  const { digest, envelope, fact } = approval;
  // SECURITY: a code of its own, or one operator could have the approval of another thrown away.
  if (fact.approver_id !== revocation.approver_id) {
    throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'the approval is that of another operator', '/approver_id');
  }
  const isOnRecord = stream.answers().some(({ approval_digest }) => approval_digest === digest);
  // The trail has no place for an answer of the requester, which can never count either.
  const isOwn = fact.approver_id === intent.actor_id;
  if (digest !== revocation.approval_digest || isOnRecord || isOwn || fact.verdict === 'deny') throw unknown();
  stream.stage(
    'approval_decided',
    { schema: 'exoarmur.approval-decided/1', approval_digest: digest, envelope },
    { type: 'human', id: fact.approver_id },
    [fact.expires_at, request.expires_at],
  );
}

async function openWait(context: BoundaryContext, stream: ActionStream, envelope: unknown): Promise<Wait> {
  const request = stream.latest('approval_requested');
  const intent = stream.latest('intent_received');
  if (stream.state.phase !== 'waiting' || request === undefined || intent === undefined) {
    throw notWaiting(stream, envelope);
  }
  const late = await expireIfLate(context, stream);
  return late.status === 'pending_approval' ? { intent, request } : { late };
}

function notWaiting(stream: ActionStream, envelope: unknown): BoundaryError {
  if (stream.answers().some((given) => isSame(given.envelope, envelope))) {
    return refuse('BOUNDARY_APPROVAL_REUSED', 'this very approval was used already');
  }
  if (stream.latest('stream_closed')?.reason === 'approval_denied') {
    return refuse('BOUNDARY_APPROVAL_AFTER_DENIAL', 'the action was denied, and that is final');
  }
  return refuse('BOUNDARY_ACTION_NOT_WAITING', 'the action waits for no approval');
}

function isSame(given: unknown, envelope: unknown): boolean {
  return digestOf(given) !== null && digestOf(given) === digestOf(envelope);
}

function digestOf(envelope: unknown): Digest | null {
  try {
    return digestValue(APPROVAL_DIGEST_DOMAIN, envelope);
  } catch {
    // SECURITY: an input without canonical form (a hostile proxy throws whatever it likes) equals nothing on record.
    return null;
  }
}
