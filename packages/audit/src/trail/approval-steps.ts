import { digestValue } from '@exoarmur/canonical';
import {
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  APPROVAL_REQUEST_DIGEST_DOMAIN,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  type Approval,
  type ApprovalRequest,
  approvalRevocationSchema,
  approvalSchema,
  type Digest,
  INTENT_DIGEST_DOMAIN,
} from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { checkIntentDigest, needIntent } from './decision-steps.ts';
import { readSignedValue } from './signed-value.ts';
import type { DecisionSeen, TrailState } from './state.ts';
import { addUnverifiable } from './unverifiable.ts';
import { differs, type TrailViolation, violation } from './violation.ts';

type Broken = { readonly violation: TrailViolation } | undefined;

/** `approval_requested`: asks for what the latest decision demands, and is still open when recorded. */
export function requestApproval(state: TrailState, { record, payload }: StepOf<'approval_requested'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      phase: 'waiting',
      request: { seq, disclosed: false, quorum: null, expiresAt: null, digest: null, isPresented: false },
      approvals: [],
      unverifiable: addUnverifiable(state, seq, [{ need: 'approval_requested', of: seq }]),
    };
  }
  const { quorum } = payload.requirement;
  const demanded = state.decision?.quorum ?? 1;
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    checkDecision(state.decision, payload) ??
    (quorum >= demanded
      ? undefined
      : violation('approval_requirement_weakened', '/payload/requirement/quorum', `at least ${demanded}`, quorum)) ??
    (payload.expires_at > record.time
      ? undefined
      : violation('request_expired', '/payload/expires_at', `after ${record.time}`, payload.expires_at)) ??
    checkPresentation(state, payload);
  if (broken !== undefined) return broken;
  return {
    phase: 'waiting',
    intentDigest: payload.intent_digest,
    decision: learnDecision(state.decision, payload),
    request: {
      seq,
      disclosed: true,
      quorum,
      expiresAt: payload.expires_at,
      digest: digestValue(APPROVAL_REQUEST_DIGEST_DOMAIN, payload),
      isPresented: payload.presentation !== undefined,
    },
    approvals: [],
    unverifiable: addUnverifiable(state, seq, [...needIntent(state), ...needDecision(state)]),
  };
}

/** `approval_decided`: a signed answer to the open request, by somebody else than the requester, in time, once. */
export function decideApproval(state: TrailState, { record, payload }: StepOf<'approval_decided'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      approvals: [...state.approvals, { seq, answer: null }],
      unverifiable: addUnverifiable(state, seq, [{ need: 'approval_decided', of: seq }]),
    };
  }
  const digest = digestValue(APPROVAL_DIGEST_DOMAIN, payload.envelope);
  const signed = readSignedValue(payload.envelope, {
    payloadType: APPROVAL_PAYLOAD_TYPE,
    shape: approvalSchema,
    code: 'approval_malformed',
  });
  if ('violation' in signed) return signed;
  const approval = signed.value;
  const broken =
    differs('approval_digest_mismatch', '/payload/approval_digest', digest, payload.approval_digest) ??
    checkAnswer(state, approval, record.time) ??
    (state.approvals.some(({ answer }) => answer?.digest === digest)
      ? violation('approval_duplicate', '/payload/approval_digest', 'an answer not yet recorded', digest)
      : undefined);
  if (broken !== undefined) return broken;
  const answer = {
    digest,
    verdict: approval.verdict,
    approverId: approval.approver_id,
    keyIds: payload.envelope.signatures.map(({ keyid }) => keyid),
    expiresAt: approval.expires_at,
    isRevoked: false,
  };
  return {
    intentDigest: approval.intent_digest,
    decision: learnDecision(state.decision, approval),
    approvals: [...state.approvals, { seq, answer }],
    unverifiable: addUnverifiable(state, seq, [
      ...needIntent(state),
      ...needDecision(state),
      ...(state.request === null || state.request.disclosed
        ? []
        : [{ need: 'approval_requested' as const, of: state.request.seq }]),
    ]),
  };
}

/** The stated decision and policy digests against those of the latest decision, as far as they are known. */
export function checkDecision(
  decision: DecisionSeen | null,
  stated: { readonly decision_digest: string; readonly policy_digest?: string },
  prefix = '/payload',
): Broken {
  if (decision === null) return undefined;
  const { digest, policyDigest } = decision;
  return (
    (digest === null
      ? undefined
      : differs('decision_digest_mismatch', `${prefix}/decision_digest`, digest, stated.decision_digest)) ??
    (policyDigest === null || stated.policy_digest === undefined
      ? undefined
      : differs('policy_digest_mismatch', `${prefix}/policy_digest`, policyDigest, stated.policy_digest))
  );
}

/** The need to be listed when the latest decision was withheld. */
export function needDecision(state: TrailState): { readonly need: 'verdict_resolved'; readonly of: number }[] {
  return state.decision === null || state.decision.disclosed
    ? []
    : [{ need: 'verdict_resolved', of: state.decision.seq }];
}

/** A withheld decision is known by what the first disclosed record says of it. */
export function learnDecision(
  decision: DecisionSeen | null,
  stated: { readonly decision_digest: Digest; readonly policy_digest?: Digest },
): DecisionSeen | null {
  if (decision === null || decision.disclosed) return decision;
  return {
    ...decision,
    digest: stated.decision_digest,
    policyDigest: stated.policy_digest ?? decision.policyDigest,
  };
}

/** An approver who was shown something signs what that was. */
function checkSeen({ request }: TrailState, approval: Approval): Broken {
  if (request === null || request.digest === null) return undefined;
  const stated = approval.request_digest ?? null;
  if (stated === null && !request.isPresented) return undefined;
  return differs('request_digest_mismatch', '/payload/envelope/payload/request_digest', request.digest, stated);
}

function checkAnswer(state: TrailState, approval: Approval, time: string): Broken {
  const pointer = '/payload/envelope/payload';
  const requestExpiry = state.request?.expiresAt ?? null;
  return (
    (state.intentDigest === null
      ? undefined
      : differs('intent_digest_mismatch', `${pointer}/intent_digest`, state.intentDigest, approval.intent_digest)) ??
    checkDecision(state.decision, approval, pointer) ??
    checkSeen(state, approval) ??
    (state.actorId !== null && approval.approver_id === state.actorId
      ? violation('approval_by_requester', `${pointer}/approver_id`, 'somebody else', approval.approver_id)
      : undefined) ??
    (approval.expires_at > time
      ? undefined
      : violation('approval_expired', `${pointer}/expires_at`, `after ${time}`, approval.expires_at)) ??
    (requestExpiry === null || requestExpiry > time
      ? undefined
      : violation('request_expired', '/record/time', `before ${requestExpiry}`, time))
  );
}

/** The presentation shows the intent and the decision that the digests name, as far as they are disclosed. */
function checkPresentation(state: TrailState, { intent_digest, presentation }: ApprovalRequest): Broken {
  if (presentation === undefined) return undefined;
  const shown = digestValue(INTENT_DIGEST_DOMAIN, presentation.intent);
  const policies = state.decision?.determining ?? null;
  return (
    differs('presentation_mismatch', '/payload/presentation/intent', intent_digest, shown) ??
    (policies === null
      ? undefined
      : differs(
          'presentation_mismatch',
          '/payload/presentation/asked_by/policies',
          policies.join(', '),
          presentation.asked_by.policies.join(', '),
        ))
  );
}

/** `approval_revoked`: an approver takes back an approval that was given to the open request; a denial stands. */
export function revokeApproval(state: TrailState, { record, payload }: StepOf<'approval_revoked'>): StepResult {
  const { seq } = record;
  // Any approval may be the one that was taken back, so what rests on one of them cannot be told from here on.
  const approved = state.approvals.filter(({ answer }) => answer?.verdict !== 'deny');
  if (payload === undefined) {
    return {
      approvals: state.approvals.map((entry) => (approved.includes(entry) ? { seq: entry.seq, answer: null } : entry)),
      unverifiable: addUnverifiable(state, seq, [{ need: 'approval_revoked', of: seq }]),
    };
  }
  const signed = readSignedValue(payload.envelope, {
    payloadType: APPROVAL_REVOCATION_PAYLOAD_TYPE,
    shape: approvalRevocationSchema,
    code: 'approval_malformed',
  });
  if ('violation' in signed) return signed;
  const { value } = signed;
  const pointer = '/payload/envelope/payload';
  const entry = approved.find(({ answer }) => answer?.digest === payload.approval_digest);
  const isHidden = entry === undefined && approved.some(({ answer }) => answer === null);
  const broken =
    differs('approval_digest_mismatch', `${pointer}/approval_digest`, payload.approval_digest, value.approval_digest) ??
    (state.intentDigest === null
      ? undefined
      : differs('intent_digest_mismatch', `${pointer}/intent_digest`, state.intentDigest, value.intent_digest)) ??
    (isHidden
      ? undefined
      : entry?.answer === undefined || entry.answer === null || entry.answer.isRevoked
        ? violation(
            'approval_revocation_unfounded',
            '/payload/approval_digest',
            'an approval that holds',
            payload.approval_digest,
          )
        : differs(
            'approval_revocation_unfounded',
            `${pointer}/approver_id`,
            entry.answer.approverId,
            value.approver_id,
          ));
  if (broken !== undefined) return broken;
  return {
    intentDigest: value.intent_digest,
    approvals: state.approvals.map((each) =>
      each === entry && each.answer !== null ? { ...each, answer: { ...each.answer, isRevoked: true } } : each,
    ),
    unverifiable: addUnverifiable(state, seq, [
      ...needIntent(state),
      ...(isHidden
        ? approved
            .filter(({ answer }) => answer === null)
            .map((hidden) => ({ need: 'approval_decided' as const, of: hidden.seq }))
        : []),
    ]),
  };
}
