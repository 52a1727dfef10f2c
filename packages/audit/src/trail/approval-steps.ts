import { decodeBase64, digestValue, parseCanonicalJson } from '@exoarmur/canonical';
import {
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  type Approval,
  type ApprovalDecided,
  approvalSchema,
  type Digest,
  isExoArmurError,
} from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { checkIntentDigest, needIntent } from './decision-steps.ts';
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
      request: { seq, disclosed: false, quorum: null, expiresAt: null },
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
      : violation('request_expired', '/payload/expires_at', `after ${record.time}`, payload.expires_at));
  if (broken !== undefined) return broken;
  return {
    phase: 'waiting',
    intentDigest: payload.intent_digest,
    decision: learnDecision(state.decision, payload),
    request: { seq, disclosed: true, quorum, expiresAt: payload.expires_at },
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
  const approval = readApproval(payload);
  if ('violation' in approval) return approval;
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

function checkAnswer(state: TrailState, approval: Approval, time: string): Broken {
  const pointer = '/payload/envelope/payload';
  const requestExpiry = state.request?.expiresAt ?? null;
  return (
    (state.intentDigest === null
      ? undefined
      : differs('intent_digest_mismatch', `${pointer}/intent_digest`, state.intentDigest, approval.intent_digest)) ??
    checkDecision(state.decision, approval, pointer) ??
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

/** The signed approval inside the envelope. Whose signature it is, is for those who hold the approvers' keys to check. */
function readApproval({ envelope }: ApprovalDecided): Approval | { readonly violation: TrailViolation } {
  if (envelope.payloadType !== APPROVAL_PAYLOAD_TYPE) {
    return violation(
      'approval_malformed',
      '/payload/envelope/payloadType',
      APPROVAL_PAYLOAD_TYPE,
      envelope.payloadType,
    );
  }
  let value: unknown;
  try {
    value = parseCanonicalJson(decodeBase64(envelope.payload));
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return violation('approval_malformed', '/payload/envelope/payload', 'canonical JSON', error.code);
  }
  const parsed = approvalSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]?.message ?? 'another shape';
  return violation('approval_malformed', '/payload/envelope/payload', 'an approval', issue);
}
