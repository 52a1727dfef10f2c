import {
  canonicalizeToBytes,
  digestValue,
  encodeHex,
  formatTime,
  type NamedSigner,
  signEnvelope,
} from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  APPROVAL_REQUEST_DIGEST_DOMAIN,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  type Approval,
  type ApprovalFact,
  type ApprovalRequest,
  type ApprovalRevocation,
  type ApprovedAction,
  approvalRevocationSchema,
  approvalSchema,
  type Clock,
  type Digest,
  type DsseEnvelope,
  type OperatorRegistry,
  PARAMETERS_DIGEST_DOMAIN,
  type RandomSource,
} from '@exoarmur/contracts';
import type { BoundaryErrorCode } from './errors.ts';
import { answersFor, isCleared, readOperatorSignature, refuse, type SigningOperator } from './operator-signature.ts';

/** A verified answer: the envelope, its digest and what the decision may read of it. */
export interface VerifiedApproval {
  readonly envelope: DsseEnvelope;
  readonly digest: Digest;
  readonly fact: ApprovalFact;
}

/**
 * Signs an answer to a request with the approver's own key: over the digests, over what the request shows, and over the
 * action in plain words. Runs where the approver is, never where the agent is. @throws TypeError for a reason or an approver
 * id that the format cannot hold.
 */
export function signApproval(options: {
  readonly request: ApprovalRequest;
  readonly verdict: Approval['verdict'];
  readonly approverId: string;
  readonly reason: string;
  readonly signer: NamedSigner;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly ttlSeconds: number;
}): DsseEnvelope {
  const { request, verdict, approverId, reason, signer, clock, random, ttlSeconds } = options;
  const { presentation } = request;
  const approval = approvalSchema.safeParse({
    schema: 'exoarmur.approval/1',
    intent_digest: request.intent_digest,
    decision_digest: request.decision_digest,
    policy_digest: request.policy_digest,
    ...(presentation === undefined
      ? {}
      : { request_digest: digestApprovalRequest(request), action: describeAction(presentation.intent) }),
    verdict,
    approver_id: approverId,
    reason,
    nonce: encodeHex(random.bytes(16)),
    expires_at: formatTime(clock.now() + ttlSeconds * 1000),
  });
  if (!approval.success) throw new TypeError('approver id or reason does not fit an approval');
  return signValue(APPROVAL_PAYLOAD_TYPE, approval.data, signer);
}

/** Takes back an approval, as long as the action waits. @throws TypeError for what the format cannot hold. */
export function signApprovalRevocation(options: {
  readonly approval: DsseEnvelope;
  readonly intentDigest: Digest;
  readonly approverId: string;
  readonly reason: string;
  readonly signer: NamedSigner;
}): DsseEnvelope {
  const { approval, intentDigest, approverId, reason, signer } = options;
  const revocation = approvalRevocationSchema.safeParse({
    schema: 'exoarmur.approval-revocation/1',
    intent_digest: intentDigest,
    approval_digest: digestValue(APPROVAL_DIGEST_DOMAIN, approval),
    approver_id: approverId,
    reason,
  });
  if (!revocation.success) throw new TypeError('approver id or reason does not fit a revocation');
  return signValue(APPROVAL_REVOCATION_PAYLOAD_TYPE, revocation.data, signer);
}

/** Digest of a request: what an approver saw. */
export function digestApprovalRequest(request: ApprovalRequest): Digest {
  return digestValue(APPROVAL_REQUEST_DIGEST_DOMAIN, request);
}

/** An envelope with one signature over the canonical bytes of a value. */
export function signValue(payloadType: string, value: object, signer: NamedSigner): DsseEnvelope {
  const envelope = signEnvelope({ payloadType, payload: canonicalizeToBytes(value), signers: [signer] });
  return { ...envelope, signatures: [...envelope.signatures] };
}

/** What an answer is held against. */
interface ApprovalContext {
  readonly request: ApprovalRequest;
  readonly intent: ActionIntent;
  readonly operators: OperatorRegistry;
  readonly clock: Clock;
}

/**
 * Verifies an answer to a request: one signature by the key of a known operator who is not revoked, holds every role asked
 * for, is cleared for the class of the action, and is neither the requester nor answers for it; bound to this intent, decision, policy and
 * request; not expired, and, where it agrees, neither this operator nor this key has answered before.
 * @throws BoundaryError with a code of its own for each refusal.
 */
export async function verifyApproval(
  input: unknown,
  context: ApprovalContext & {
    /** Answers to this request so far. */
    readonly answered: readonly ApprovalFact[];
  },
): Promise<VerifiedApproval> {
  const { request, intent, answered } = context;
  const { operator, ...approval } = await readApproval(input, context);
  assertEntitled(operator, request, intent);
  const { fact, digest } = approval;
  if (answered.some(({ approval_digest }) => approval_digest === digest)) {
    throw refuse('BOUNDARY_APPROVAL_REUSED', 'this very approval was given already');
  }
  // SECURITY: whoever has agreed may still say no, and nothing about it may be thrown away.
  const isSecond = answered.some(
    ({ key_id, approver_id }) => key_id === fact.key_id || approver_id === fact.approver_id,
  );
  if (isSecond && fact.verdict === 'approve') {
    throw refuse('BOUNDARY_APPROVAL_DUPLICATE', 'this operator has answered already');
  }
  return approval;
}

/**
 * What {@link verifyApproval} establishes of an answer whoever else has answered and whatever the operator may agree to now: both
 * may change while the action waits. @throws BoundaryError as it does
 */
export async function readApproval(
  input: unknown,
  { request, intent, operators, clock }: ApprovalContext,
): Promise<VerifiedApproval & { readonly operator: SigningOperator }> {
  const { envelope, operator, value } = await readOperatorSignature(input, operators, {
    payloadType: APPROVAL_PAYLOAD_TYPE,
    shape: approvalSchema,
  });
  if (value.approver_id !== operator.operatorId) {
    throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'the key that signed belongs to another operator', '/approver_id');
  }
  assertBound(value, request, intent);
  if (value.expires_at <= formatTime(clock.now())) {
    throw refuse('BOUNDARY_APPROVAL_EXPIRED', 'approval has expired', '/expires_at');
  }
  const digest = digestValue(APPROVAL_DIGEST_DOMAIN, envelope);
  const fact: ApprovalFact = {
    approval_digest: digest,
    verdict: value.verdict,
    key_id: encodeHex(operator.key.keyId),
    approver_id: operator.operatorId,
    roles: [...new Set(operator.roles)].sort(),
    expires_at: value.expires_at,
  };
  return { envelope, digest, fact, operator };
}

/**
 * Verifies that the approver who gave an approval takes it back.
 * @throws BoundaryError as readOperatorSignature, BOUNDARY_APPROVER_UNKNOWN for somebody else, BOUNDARY_APPROVAL_INTENT_MISMATCH
 */
export async function verifyApprovalRevocation(
  input: unknown,
  context: { readonly intentDigest: Digest; readonly operators: OperatorRegistry },
): Promise<{ readonly envelope: DsseEnvelope; readonly value: ApprovalRevocation }> {
  const { envelope, operator, value } = await readOperatorSignature(input, context.operators, {
    payloadType: APPROVAL_REVOCATION_PAYLOAD_TYPE,
    shape: approvalRevocationSchema,
  });
  if (value.approver_id !== operator.operatorId) {
    throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'the key that signed belongs to another operator', '/approver_id');
  }
  if (value.intent_digest !== context.intentDigest) {
    throw refuse('BOUNDARY_APPROVAL_INTENT_MISMATCH', 'revocation is for another intent', '/intent_digest');
  }
  return { envelope, value };
}

/** Whoever agrees must be another person, with the roles asked for, cleared for the class stated and the least class. */
export function assertEntitled(operator: SigningOperator, request: ApprovalRequest, intent: ActionIntent): void {
  if (answersFor(operator, intent.actor_id)) {
    throw refuse('BOUNDARY_APPROVAL_BY_REQUESTER', 'the requester cannot answer its own request');
  }
  const { roles } = request.requirement;
  if (!roles.every((role) => operator.roles.includes(role))) {
    throw refuse('BOUNDARY_APPROVAL_ROLE_MISSING', 'the operator does not hold every role asked for');
  }
  if (!isCleared(operator, intent.action_class, request.presentation?.risk.action_class_floor)) {
    throw refuse('BOUNDARY_APPROVAL_CLEARANCE_MISSING', 'the operator is not cleared for this class of action');
  }
}

/** The action in the approver's own words. */
function describeAction(intent: ActionIntent): ApprovedAction {
  const { tenant_id, cell_id, intent_id, actor_id, action_type, target, parameters } = intent;
  const parameters_digest = digestValue(PARAMETERS_DIGEST_DOMAIN, parameters);
  return { tenant_id, cell_id, intent_id, actor_id, action_type, target, parameters_digest };
}

const CODE_OF_MEMBER: { readonly [Member in keyof ApprovedAction]: BoundaryErrorCode } = {
  tenant_id: 'BOUNDARY_APPROVAL_SCOPE_MISMATCH',
  cell_id: 'BOUNDARY_APPROVAL_SCOPE_MISMATCH',
  actor_id: 'BOUNDARY_APPROVAL_ACTOR_MISMATCH',
  action_type: 'BOUNDARY_APPROVAL_TARGET_MISMATCH',
  target: 'BOUNDARY_APPROVAL_TARGET_MISMATCH',
  parameters_digest: 'BOUNDARY_APPROVAL_PARAMETERS_MISMATCH',
  intent_id: 'BOUNDARY_APPROVAL_INTENT_MISMATCH',
};

/** The digests decide; the plain words only tell which part of the action is another one. */
function assertBound(approval: Approval, request: ApprovalRequest, intent: ActionIntent): void {
  const asked = describeAction(intent);
  for (const member of Object.keys(CODE_OF_MEMBER) as (keyof ApprovedAction)[]) {
    if (approval.action === undefined || approval.action[member] === asked[member]) continue;
    throw refuse(CODE_OF_MEMBER[member], `approval is for another ${member}`, `/action/${member}`);
  }
  const isPresented = request.presentation !== undefined;
  if (isPresented && approval.action === undefined) {
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'approval does not say what it is for', '/action');
  }
  const stated = approval.request_digest ?? null;
  const bound: readonly (readonly [string, string | null, string, BoundaryErrorCode])[] = [
    ['intent_digest', approval.intent_digest, request.intent_digest, 'BOUNDARY_APPROVAL_INTENT_MISMATCH'],
    ['policy_digest', approval.policy_digest, request.policy_digest, 'BOUNDARY_APPROVAL_POLICY_MISMATCH'],
    ['decision_digest', approval.decision_digest, request.decision_digest, 'BOUNDARY_APPROVAL_DECISION_MISMATCH'],
    ...(isPresented || stated !== null
      ? [['request_digest', stated, digestApprovalRequest(request), 'BOUNDARY_APPROVAL_REQUEST_MISMATCH'] as const]
      : []),
  ];
  for (const [member, found, expected, code] of bound) {
    if (found !== expected) throw refuse(code, `approval is for another ${member}`, `/${member}`);
  }
}
