import {
  canonicalizeToBytes,
  digestValue,
  encodeHex,
  formatTime,
  type NamedSigner,
  parseCanonicalJson,
  parseTime,
  parseVerifierKey,
  signEnvelope,
  type VerifierKey,
  verifyEnvelope,
} from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  type Approval,
  type ApprovalFact,
  type ApprovalRequest,
  approvalSchema,
  type Clock,
  type Digest,
  type DsseEnvelope,
  dsseEnvelopeSchema,
  isExoArmurError,
  type Operator,
  type OperatorRegistry,
  type RandomSource,
} from '@exoarmur/contracts';
import { BoundaryError, type BoundaryErrorCode } from './errors.ts';

/** A verified answer: the envelope, its digest and what the decision may read of it. */
export interface VerifiedApproval {
  readonly envelope: DsseEnvelope;
  readonly digest: Digest;
  readonly fact: ApprovalFact;
}

/**
 * Signs an answer to a request with the approver's own key. Runs where the approver is, never where the agent is.
 * @throws TypeError for a reason or an approver id that the format cannot hold.
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
  const approval = approvalSchema.safeParse({
    schema: 'exoarmur.approval/1',
    intent_digest: request.intent_digest,
    decision_digest: request.decision_digest,
    policy_digest: request.policy_digest,
    verdict,
    approver_id: approverId,
    reason,
    nonce: encodeHex(random.bytes(16)),
    expires_at: formatTime(clock.now() + ttlSeconds * 1000),
  });
  if (!approval.success) throw new TypeError('approver id or reason does not fit an approval');
  const envelope = signEnvelope({
    payloadType: APPROVAL_PAYLOAD_TYPE,
    payload: canonicalizeToBytes(approval.data),
    signers: [signer],
  });
  return { ...envelope, signatures: [...envelope.signatures] };
}

/**
 * Verifies an answer to a request: one signature by the key of a known operator who is not revoked, holds every
 * role asked for and is not the requester; bound to this intent, decision and policy; not expired, and neither this
 * operator nor this key has answered before. Everything comes from the signed bytes.
 * @throws BoundaryError with a code of its own for each refusal.
 */
export async function verifyApproval(
  envelope: unknown,
  context: {
    readonly request: ApprovalRequest;
    readonly intent: ActionIntent;
    readonly operators: OperatorRegistry;
    /** Answers to this request so far. */
    readonly answered: readonly ApprovalFact[];
    readonly clock: Clock;
  },
): Promise<VerifiedApproval> {
  const { request, intent, operators, answered, clock } = context;
  const shape = dsseEnvelopeSchema.safeParse(envelope);
  if (!shape.success) throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'envelope is malformed');
  const [signature, ...others] = shape.data.signatures;
  if (signature === undefined || others.length > 0) {
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'an approval has exactly one signature');
  }
  const candidates = (await operators.findByKeyId(signature.keyid))
    .filter(({ isRevoked }) => !isRevoked)
    .map((operator) => ({ ...operator, key: parseVerifierKey(operator.vkey) }));
  if (candidates.length === 0) throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'no operator has the key that signed');
  const { operator, approval } = readSigned(shape.data, candidates);
  if (approval.approver_id !== operator.operatorId) {
    throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'the key that signed belongs to another operator');
  }
  if (operator.operatorId === intent.actor_id) {
    throw refuse('BOUNDARY_APPROVAL_BY_REQUESTER', 'the requester cannot answer its own request');
  }
  for (const name of ['intent_digest', 'decision_digest', 'policy_digest'] as const) {
    if (approval[name] !== request[name]) {
      throw refuse('BOUNDARY_APPROVAL_BINDING_MISMATCH', `approval is for another ${name}`, `/${name}`);
    }
  }
  const { roles } = request.requirement;
  if (!roles.every((role) => operator.roles.includes(role))) {
    throw refuse('BOUNDARY_APPROVAL_ROLE_MISSING', 'the operator does not hold every role asked for');
  }
  if (parseExpiry(approval.expires_at) <= clock.now()) {
    throw refuse('BOUNDARY_APPROVAL_EXPIRED', 'approval has expired', '/expires_at');
  }
  const keyId = encodeHex(operator.key.keyId);
  if (answered.some((fact) => fact.key_id === keyId || fact.approver_id === operator.operatorId)) {
    throw refuse('BOUNDARY_APPROVAL_DUPLICATE', 'this operator has answered already');
  }
  const digest = digestValue(APPROVAL_DIGEST_DOMAIN, shape.data);
  const fact: ApprovalFact = {
    approval_digest: digest,
    verdict: approval.verdict,
    key_id: keyId,
    approver_id: operator.operatorId,
    roles: [...new Set(operator.roles)].sort(),
    expires_at: approval.expires_at,
  };
  return { envelope: shape.data, digest, fact };
}

/** An operator with its key read. */
type KnownOperator = Operator & { readonly key: VerifierKey };

function readSigned(
  envelope: DsseEnvelope,
  candidates: readonly KnownOperator[],
): { readonly operator: KnownOperator; readonly approval: Approval } {
  const verdict = verifyEnvelope(envelope, { keys: candidates.map(({ key }) => key), threshold: 1 });
  if (verdict.outcome === 'invalid') {
    throw refuse('BOUNDARY_APPROVAL_SIGNATURE_INVALID', `signature does not hold: ${verdict.failures[0].reason}`);
  }
  const operator = candidates.find(({ key }) => key === verdict.keys[0]);
  if (operator === undefined) throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'no operator has the key that signed');
  if (verdict.payloadType !== APPROVAL_PAYLOAD_TYPE) {
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'what was signed is not an approval', '/payloadType');
  }
  let value: unknown;
  try {
    value = parseCanonicalJson(verdict.payload);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'what was signed is not canonical JSON', '/payload');
  }
  const approval = approvalSchema.safeParse(value);
  if (!approval.success) throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'what was signed is not an approval', '/payload');
  return { operator, approval: approval.data };
}

function parseExpiry(text: string): number {
  try {
    return parseTime(text);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'expiry is no time', '/expires_at');
  }
}

function refuse(code: BoundaryErrorCode, message: string, pointer?: string): BoundaryError {
  return new BoundaryError(code, message, pointer === undefined ? {} : { pointer });
}
