import type { ApprovalRequest, CloseReason, Decision, Digest, Outcome, ResolutionFinding } from '@exoarmur/contracts';
import type { ActionStream } from './action-stream.ts';

/** Why nothing was done. The list is closed; the code is also the `detail` of the `stream_closed` record. */
export type DenialCode =
  | 'BOUNDARY_APPROVAL_DENIED'
  | 'BOUNDARY_APPROVAL_EXPIRED'
  | 'BOUNDARY_APPROVAL_REVOKED'
  | 'BOUNDARY_CANCELLED'
  | 'BOUNDARY_CLOCK_UNAVAILABLE'
  | 'BOUNDARY_DECISION_UNAVAILABLE'
  | 'BOUNDARY_DENIED_BY_POLICY'
  | 'BOUNDARY_DENIED_BY_SAFETY'
  | 'BOUNDARY_INTERRUPTED'
  | 'BOUNDARY_NO_POLICY_APPLIES'
  | 'BOUNDARY_POLICY_CHANGED'
  | 'BOUNDARY_PRESENTATION_CHANGED'
  | 'BOUNDARY_RANDOM_UNAVAILABLE'
  | 'BOUNDARY_SUPERSEDED'
  | 'BOUNDARY_TARGET_REFUSED';

/** What every result tells. */
export interface ActionSummary {
  /** Stream of the action, which is its intent id. */
  readonly stream: string;
  readonly intentDigest: Digest;
  /** The latest decision; null when none was recorded or its payload was erased. */
  readonly decision: Decision | null;
  readonly recordCount: number;
  /** Whether the terminal record is durable. False for an action that waits, or whose end could not be recorded. */
  readonly isClosed: boolean;
}

/** Nothing was done and nothing will be. */
export interface DeniedAction extends ActionSummary {
  readonly status: 'denied';
  readonly code: DenialCode;
}

/** Nothing was done yet: people have to agree. */
export interface PendingAction extends ActionSummary {
  readonly status: 'pending_approval';
  readonly request: ApprovalRequest;
}

/** The executor ran once and its report says that the effect happened. */
export interface CompletedAction extends ActionSummary {
  readonly status: 'completed';
  readonly outcome: Outcome;
}

/** The action was authorised, and it is known that the effect did not happen as asked. */
export interface FailedAction extends ActionSummary {
  readonly status: 'failed';
  readonly code: string;
  readonly outcome: Outcome;
}

/** The action was authorised and nobody knows what happened. It is never run again by itself. */
export interface AmbiguousAction extends ActionSummary {
  readonly status: 'ambiguous';
  readonly code: string;
  /** Null when the outcome's payload was erased. */
  readonly outcome: Outcome | null;
  /** What a person found out about it; null until somebody did, or when that payload was erased. */
  readonly resolution: ResolutionFinding | null;
}

/** What became of an action, without the way to its bundle. */
export type ActionEnd = DeniedAction | PendingAction | CompletedAction | FailedAction | AmbiguousAction;

/** Which rule a `deny` came from: the policies, the safety gate, or no policy that applies. */
export function attributeDenial(decision: Decision): DenialCode {
  const { pdp, safety } = decision;
  if (pdp.verdict === 'deny') return 'BOUNDARY_DENIED_BY_POLICY';
  const isStopped = safety.verdict === 'deny' || safety.verdict === 'block';
  return pdp.verdict === 'defer' && !isStopped ? 'BOUNDARY_NO_POLICY_APPLIES' : 'BOUNDARY_DENIED_BY_SAFETY';
}

/** What a stream says became of its action; undefined while it is neither waiting nor at an end. */
export function readResult(stream: ActionStream): ActionEnd | undefined {
  const { state } = stream;
  const summary: ActionSummary = {
    stream: stream.id,
    intentDigest: stream.intentDigest,
    decision: stream.latest('verdict_resolved') ?? null,
    recordCount: state.count,
    isClosed: state.phase === 'closed',
  };
  const outcome = stream.latest('execution_completed') ?? null;
  if (state.phase === 'waiting') {
    const request = stream.latest('approval_requested');
    return request === undefined ? undefined : { ...summary, status: 'pending_approval', request };
  }
  if (state.phase !== 'closed' && state.phase !== 'completed') return undefined;
  if (state.outcome === null) return { ...summary, status: 'denied', code: readDenial(stream) };
  if (outcome?.status === 'succeeded') return { ...summary, status: 'completed', outcome };
  if (outcome?.status === 'failed') {
    return { ...summary, status: 'failed', code: outcome.error_code ?? 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED', outcome };
  }
  const resolution = state.resolution?.finding ?? null;
  const code = outcome?.error_code ?? 'BOUNDARY_OUTCOME_ERASED';
  return { ...summary, status: 'ambiguous', code, outcome, resolution };
}

const CODE_OF_REASON: { readonly [Reason in CloseReason]: DenialCode } = {
  denied: 'BOUNDARY_DENIED_BY_POLICY',
  target_refused: 'BOUNDARY_TARGET_REFUSED',
  approval_denied: 'BOUNDARY_APPROVAL_DENIED',
  approval_expired: 'BOUNDARY_APPROVAL_EXPIRED',
  executed: 'BOUNDARY_INTERRUPTED',
  execution_failed: 'BOUNDARY_INTERRUPTED',
  execution_ambiguous: 'BOUNDARY_INTERRUPTED',
  cancelled: 'BOUNDARY_CANCELLED',
};

/** Codes that share the reason `cancelled` and are told apart by the detail. */
const CANCELLATIONS: readonly DenialCode[] = [
  'BOUNDARY_APPROVAL_EXPIRED',
  'BOUNDARY_APPROVAL_REVOKED',
  'BOUNDARY_CLOCK_UNAVAILABLE',
  'BOUNDARY_DECISION_UNAVAILABLE',
  'BOUNDARY_INTERRUPTED',
  'BOUNDARY_POLICY_CHANGED',
  'BOUNDARY_PRESENTATION_CHANGED',
  'BOUNDARY_RANDOM_UNAVAILABLE',
  'BOUNDARY_SUPERSEDED',
];

function readDenial(stream: ActionStream): DenialCode {
  const closed = stream.latest('stream_closed');
  const decision = stream.latest('verdict_resolved');
  if (closed === undefined) return 'BOUNDARY_INTERRUPTED';
  if (closed.reason === 'denied' && decision !== undefined) return attributeDenial(decision);
  const { reason, detail } = closed;
  const code = CANCELLATIONS.find((known) => known === detail);
  return reason === 'cancelled' && code !== undefined ? code : CODE_OF_REASON[reason];
}
