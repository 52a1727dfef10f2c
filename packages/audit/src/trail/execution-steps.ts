import { digestValue } from '@exoarmur/canonical';
import { GRANT_DIGEST_DOMAIN, OUTCOME_DIGEST_DOMAIN, RESULT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { checkDecision, learnDecision, needDecision } from './approval-steps.ts';
import { checkIntentDigest, needIntent } from './decision-steps.ts';
import type { TrailState } from './state.ts';
import { addUnverifiable } from './unverifiable.ts';
import { differs, violation } from './violation.ts';

/** `target_validated`: the executor's answer about this intent; who answered here is who may act later. */
export function validateTarget(state: TrailState, { record, payload }: StepOf<'target_validated'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      phase: 'target_validated',
      target: { seq, executor: null, result: null },
      unverifiable: addUnverifiable(state, seq, [{ need: 'target_validated', of: seq }]),
    };
  }
  const broken = checkIntentDigest(state, payload.intent_digest);
  if (broken !== undefined) return broken;
  return {
    phase: 'target_validated',
    intentDigest: payload.intent_digest,
    target: { seq, executor: payload.executor, result: payload.result },
    unverifiable: addUnverifiable(state, seq, [...needIntent(state), ...needDecision(state)]),
  };
}

/** `execution_authorized`: a grant for this intent, decision, approvals and executor, and not expired when recorded. */
export function authorizeExecution(state: TrailState, { record, payload }: StepOf<'execution_authorized'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      phase: 'authorized',
      grant: { seq, digest: null },
      unverifiable: addUnverifiable(state, seq, [{ need: 'execution_authorized', of: seq }]),
    };
  }
  const executor = state.target?.executor ?? null;
  const approvals = state.decision?.approvals ?? null;
  const granted = payload.approval_digests.join(', ');
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    checkDecision(state.decision, payload) ??
    (approvals === null
      ? undefined
      : differs('grant_approvals_mismatch', '/payload/approval_digests', approvals.join(', '), granted)) ??
    (executor === null
      ? undefined
      : (differs('executor_mismatch', '/payload/executor/name', executor.name, payload.executor.name) ??
        differs('executor_mismatch', '/payload/executor/version', executor.version, payload.executor.version) ??
        differs('executor_mismatch', '/payload/executor/digest', executor.digest, payload.executor.digest))) ??
    (payload.expires_at > record.time
      ? undefined
      : violation('grant_expired', '/payload/expires_at', `after ${record.time}`, payload.expires_at));
  if (broken !== undefined) return broken;
  return {
    phase: 'authorized',
    intentDigest: payload.intent_digest,
    decision: learnDecision(state.decision, payload),
    grant: { seq, digest: digestValue(GRANT_DIGEST_DOMAIN, payload) },
    unverifiable: addUnverifiable(state, seq, [
      ...needIntent(state),
      ...needDecision(state),
      ...(state.target !== null && executor === null
        ? [{ need: 'target_validated' as const, of: state.target.seq }]
        : []),
    ]),
  };
}

/** `execution_completed`: the outcome of that very grant, with a result digest over what it says. */
export function completeExecution(state: TrailState, { record, payload }: StepOf<'execution_completed'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      phase: 'completed',
      outcome: { seq, status: null, digest: null },
      unverifiable: addUnverifiable(state, seq, [{ need: 'execution_completed', of: seq }]),
    };
  }
  const grantDigest = state.grant?.digest ?? null;
  const { claimed, observed, status, error_code: errorCode } = payload;
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    (grantDigest === null
      ? undefined
      : differs('grant_digest_mismatch', '/payload/grant_digest', grantDigest, payload.grant_digest)) ??
    differs(
      'result_digest_mismatch',
      '/payload/result_digest',
      digestValue(RESULT_DIGEST_DOMAIN, { claimed, observed }),
      payload.result_digest,
    ) ??
    ((status === 'succeeded') === (errorCode === null)
      ? undefined
      : violation('outcome_inconsistent', '/payload/error_code', `the error code of ${status}`, errorCode));
  if (broken !== undefined) return broken;
  return {
    phase: 'completed',
    intentDigest: payload.intent_digest,
    outcome: { seq, status, digest: digestValue(OUTCOME_DIGEST_DOMAIN, payload) },
    unverifiable: addUnverifiable(state, seq, [
      ...needIntent(state),
      ...(state.grant !== null && grantDigest === null
        ? [{ need: 'execution_authorized' as const, of: state.grant.seq }]
        : []),
    ]),
  };
}
