import { digestApprovalRequest } from '@exoarmur/boundary-v2';
import { digestValue, formatTime, parseTime } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalDecided,
  type ApprovalRequest,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  type Digest,
} from '@exoarmur/contracts';
import { digestIntent, type RecordedAction } from './action-reader.ts';

/** An action that waits for people, with everything they must see. */
export interface WaitingAction {
  readonly stream: string;
  readonly requestedAt: string;
  readonly intent: ActionIntent;
  readonly decision: Decision;
  readonly request: ApprovalRequest;
  /** Digest of the request; whoever answers names it, and so answers what was shown. */
  readonly requestDigest: Digest;
  /** Answers recorded so far and not taken back, by key id. */
  readonly answeredBy: readonly string[];
  /** Answers that lie in the tray and were not taken yet; an approval with the word that withdraws it is one. */
  readonly inTray: number;
  readonly isLate: boolean;
}

/** A recorded action as one that waits; undefined for one that does not, or of which not everything is there that must be seen. */
export function toWaiting(
  action: RecordedAction,
  { inTray, nowMs }: { readonly inTray: number; readonly nowMs: number },
): WaitingAction | undefined {
  const { stream, records, intent, decision, request, isClosed } = action;
  if (isClosed || intent === undefined || decision === undefined || request === undefined) return undefined;
  // SECURITY: the decision shown has to be the one that is signed for.
  if (digestValue(DECISION_DIGEST_DOMAIN, decision) !== request.decision_digest) return undefined;
  const shown = request.presentation?.intent;
  if (shown !== undefined && digestIntent(shown) !== request.intent_digest) return undefined;
  const asked = records.findLast(({ kind }) => kind === 'approval_requested');
  return {
    ...{ stream, intent, decision, request },
    requestedAt: asked?.time ?? formatTime(0),
    requestDigest: digestApprovalRequest(request),
    answeredBy: standingAnswers(action).map(({ envelope }) => envelope.signatures[0]?.keyid ?? ''),
    inTray,
    isLate: parseTime(request.expires_at) <= nowMs,
  };
}

/** Answers on record that nobody has taken back. */
export function standingAnswers({ answers, revoked }: RecordedAction): readonly ApprovalDecided[] {
  return answers.filter(({ approval_digest }) => !revoked.includes(approval_digest));
}
