import { digestValue } from '@exoarmur/canonical';
import {
  STANDING_GRANT_DIGEST_DOMAIN,
  STANDING_GRANT_PAYLOAD_TYPE,
  type StandingGrant,
  standingGrantSchema,
} from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { needDecision } from './approval-steps.ts';
import { checkIntentDigest, needIntent } from './decision-steps.ts';
import { readSignedValue } from './signed-value.ts';
import { findStandingGrantMismatch } from './standing-grant-fit.ts';
import type { TrailState } from './state.ts';
import { addUnverifiable } from './unverifiable.ts';
import { differs, type TrailViolation, violation } from './violation.ts';

type Broken = { readonly violation: TrailViolation } | undefined;

/**
 * `standing_grant_used`: stands for one approval where the policies ask one person. It fits the intent, is in its time, is of
 * the policy set that asks, and is not used beyond what it allows. That no other use has the same number is the store's.
 */
export function useStandingGrant(state: TrailState, { record, payload }: StepOf<'standing_grant_used'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      approvals: [...state.approvals, { seq, answer: null }],
      unverifiable: addUnverifiable(state, seq, [{ need: 'standing_grant_used', of: seq }]),
    };
  }
  const digest = digestValue(STANDING_GRANT_DIGEST_DOMAIN, payload.envelope);
  const signed = readSignedValue(payload.envelope, {
    payloadType: STANDING_GRANT_PAYLOAD_TYPE,
    shape: standingGrantSchema,
    code: 'standing_grant_malformed',
  });
  if ('violation' in signed) return signed;
  const grant = signed.value;
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    differs('standing_grant_unfit', '/payload/standing_grant_digest', digest, payload.standing_grant_digest) ??
    (payload.use <= grant.max_uses
      ? undefined
      : violation('standing_grant_unfit', '/payload/use', `at most ${grant.max_uses}`, payload.use)) ??
    checkStanding(state, grant, record.time) ??
    (state.approvals.length === 0
      ? undefined
      : violation('standing_grant_unfit', '/record/seq', 'the only answer', 'one of several'));
  if (broken !== undefined) return broken;
  const answer = {
    digest,
    verdict: 'approve' as const,
    approverId: grant.granted_by,
    keyIds: payload.envelope.signatures.map(({ keyid }) => keyid),
    expiresAt: grant.expires_at,
    isRevoked: false,
  };
  return {
    intentDigest: payload.intent_digest,
    approvals: [{ seq, answer }],
    unverifiable: addUnverifiable(state, seq, [
      ...needIntent(state),
      ...needDecision(state),
      ...(state.request === null || state.request.disclosed
        ? []
        : [{ need: 'approval_requested' as const, of: state.request.seq }]),
    ]),
  };
}

function checkStanding(state: TrailState, grant: StandingGrant, time: string): Broken {
  const pointer = '/payload/envelope/payload';
  const verdict = state.decision?.verdict ?? null;
  const policyDigest = state.decision?.policyDigest ?? null;
  const quorum = state.request?.quorum ?? null;
  const requestExpiry = state.request?.expiresAt ?? null;
  const mismatch = state.intent === null ? null : findStandingGrantMismatch(grant, state.intent);
  return (
    (verdict === null ? undefined : differs('standing_grant_unfit', '/record/kind', 'require_approval', verdict)) ??
    (quorum === null || quorum === 1
      ? undefined
      : violation('standing_grant_unfit', '/record/kind', 'one person asked', quorum)) ??
    (policyDigest === null
      ? undefined
      : differs('policy_digest_mismatch', `${pointer}/policy_digest`, policyDigest, grant.policy_digest)) ??
    (mismatch === null
      ? undefined
      : violation('standing_grant_unfit', `${pointer}${mismatch}`, 'what the intent asks', 'something else')) ??
    (grant.not_before <= time && time < grant.expires_at
      ? undefined
      : violation('approval_expired', `${pointer}/expires_at`, `${grant.not_before} to ${grant.expires_at}`, time)) ??
    (requestExpiry === null || requestExpiry > time
      ? undefined
      : violation('request_expired', '/record/time', `before ${requestExpiry}`, time))
  );
}
