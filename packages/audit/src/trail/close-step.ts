import type { CloseReason, OutcomeStatus, TrailKind } from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { checkIntentDigest, needIntent } from './decision-steps.ts';
import { isDenied, type TrailState } from './state.ts';
import { addUnverifiable } from './unverifiable.ts';
import { differs, violation } from './violation.ts';

const REASON_OF_OUTCOME: { readonly [Status in OutcomeStatus]: CloseReason } = {
  succeeded: 'executed',
  failed: 'execution_failed',
  ambiguous: 'execution_ambiguous',
};

/**
 * `stream_closed`: states the count, the end and its reason. The final verdict is `allow` if the latest decision allowed
 * and `deny` in every other case: whatever else happened, nothing was permitted.
 */
export function closeStream(state: TrailState, { record, payload }: StepOf<'stream_closed'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return { phase: 'closed', unverifiable: addUnverifiable(state, seq, [{ need: 'stream_closed', of: seq }]) };
  }
  const needs: { need: TrailKind; of: number }[] = needIntent(state);
  const reasons = lawfulReasons(state, record.time, needs);
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    differs('record_count_mismatch', '/payload/record_count', seq + 1, payload.record_count) ??
    (reasons.includes(payload.reason)
      ? undefined
      : violation('close_reason_mismatch', '/payload/reason', reasons.join(', '), payload.reason)) ??
    checkFinalVerdict(state, payload.final_verdict, needs) ??
    checkOutcome(state, payload.outcome, payload.reason);
  if (broken !== undefined) return broken;
  return {
    phase: 'closed',
    intentDigest: payload.intent_digest,
    unverifiable: addUnverifiable(state, seq, needs),
  };
}

function lawfulReasons(
  state: TrailState,
  time: string,
  needs: { need: TrailKind; of: number }[],
): readonly CloseReason[] {
  switch (state.phase) {
    case 'decided':
      return reasonsAfterVerdict(state, time, needs);
    case 'waiting':
      return isDenied(state) ? ['approval_denied'] : ['cancelled', ...waitEnded(state, time, needs)];
    case 'target_validated':
      if (state.target?.result === 'valid') return ['cancelled'];
      if (state.target?.result) return ['target_refused'];
      needs.push({ need: 'target_validated', of: state.target?.seq ?? 0 });
      return ['cancelled', 'target_refused'];
    case 'completed':
      if (state.outcome?.status) return [REASON_OF_OUTCOME[state.outcome.status]];
      needs.push({ need: 'execution_completed', of: state.outcome?.seq ?? 0 });
      return Object.values(REASON_OF_OUTCOME);
    default:
      return ['cancelled'];
  }
}

function reasonsAfterVerdict(
  state: TrailState,
  time: string,
  needs: { need: TrailKind; of: number }[],
): readonly CloseReason[] {
  const verdict = state.decision?.verdict ?? null;
  if (isDenied(state)) return ['approval_denied'];
  if (verdict === 'deny') return ['denied', ...waitEnded(state, time, needs)];
  if (verdict !== null) return ['cancelled'];
  needs.push({ need: 'verdict_resolved', of: state.decision?.seq ?? 0 });
  return ['denied', 'cancelled', ...waitEnded(state, time, needs)];
}

/** How a wait may end without agreement, as far as the disclosed answers tell. */
function waitEnded(state: TrailState, time: string, needs: { need: TrailKind; of: number }[]): CloseReason[] {
  const { request } = state;
  if (request === null) return [];
  const withheld = state.approvals.filter(({ answer }) => answer === null);
  for (const { seq } of withheld) needs.push({ need: 'approval_decided', of: seq });
  if (!request.disclosed) needs.push({ need: 'approval_requested', of: request.seq });
  const isExpired = request.expiresAt === null || request.expiresAt <= time;
  return [
    ...(isExpired ? (['approval_expired'] as const) : []),
    ...(withheld.length > 0 ? (['approval_denied'] as const) : []),
  ];
}

function checkFinalVerdict(state: TrailState, stated: string, needs: { need: TrailKind; of: number }[]) {
  const { decision, phase } = state;
  if (decision !== null && decision.verdict === null) {
    needs.push({ need: 'verdict_resolved', of: decision.seq });
    // Only an allowed action gets past its decision, so the later phases tell even when the decision is withheld.
    if (phase === 'decided') {
      return stated === 'allow' || stated === 'deny'
        ? undefined
        : violation('final_verdict_mismatch', '/payload/final_verdict', 'allow or deny', stated);
    }
    const implied = phase === 'waiting' ? 'deny' : 'allow';
    return differs('final_verdict_mismatch', '/payload/final_verdict', implied, stated);
  }
  const expected = decision?.verdict === 'allow' ? 'allow' : 'deny';
  return differs('final_verdict_mismatch', '/payload/final_verdict', expected, stated);
}

function checkOutcome(state: TrailState, stated: OutcomeStatus | null, reason: CloseReason) {
  const status = state.outcome?.status;
  if (status !== null) return differs('outcome_mismatch', '/payload/outcome', status ?? null, stated);
  // The outcome is withheld: what the close says of it must at least agree with itself.
  return stated !== null && REASON_OF_OUTCOME[stated] === reason
    ? undefined
    : violation('outcome_mismatch', '/payload/outcome', `the outcome of ${reason}`, stated);
}
