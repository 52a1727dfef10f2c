import { parseCanonicalJson, parseVerifierKey, type VerifierKey, verifyEnvelope } from '@exoarmur/canonical';
import {
  type ActionClass,
  actionClassSchema,
  type DsseEnvelope,
  dsseEnvelopeSchema,
  isExoArmurError,
  type Operator,
  type OperatorRegistry,
} from '@exoarmur/contracts';
import { BoundaryError, type BoundaryErrorCode, isBoundaryError } from './errors.ts';
import { readOnce } from './refusal.ts';

/** An operator with the key that signed. */
export type SigningOperator = Operator & { readonly key: VerifierKey };

/** What an operator signed: the envelope, who it was, and the value inside, of known shape. */
export interface SignedByOperator<Value> {
  readonly envelope: DsseEnvelope;
  readonly operator: SigningOperator;
  readonly value: Value;
}

interface Shape<Value> {
  safeParse(value: unknown): { readonly success: true; readonly data: Value } | { readonly success: false };
}

/**
 * Reads what an operator of the registry signed: exactly one signature, by a key that is not revoked, over the canonical
 * JSON of the payload type and shape asked for. Everything comes from the signed bytes. The input is attacker-controlled.
 * @throws BoundaryError BOUNDARY_APPROVAL_MALFORMED, BOUNDARY_APPROVAL_UNSIGNED, BOUNDARY_APPROVER_UNKNOWN,
 * BOUNDARY_APPROVER_REVOKED, BOUNDARY_APPROVAL_SIGNATURE_INVALID, or the registry's own error
 */
export async function readOperatorSignature<Value>(
  input: unknown,
  operators: OperatorRegistry,
  expected: { readonly payloadType: string; readonly shape: Shape<Value> },
): Promise<SignedByOperator<Value>> {
  const given = readOnce(input);
  if (isUnsigned(given)) throw refuse('BOUNDARY_APPROVAL_UNSIGNED', 'envelope has no signature', '/signatures');
  const parsed = dsseEnvelopeSchema.safeParse(given);
  if (!parsed.success) throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'envelope is malformed');
  const envelope = parsed.data;
  const [signature, ...others] = envelope.signatures;
  if (signature === undefined || others.length > 0) {
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'exactly one signature is needed', '/signatures');
  }
  const known = await operators.findByKeyId(signature.keyid);
  if (known.length === 0) throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'no operator has the key that signed');
  const candidates = known.map((operator) => ({ ...operator, key: parseVerifierKey(operator.vkey) }));
  const verdict = verifyEnvelope(envelope, { keys: candidates.map(({ key }) => key), threshold: 1 });
  if (verdict.outcome === 'invalid') {
    throw refuse('BOUNDARY_APPROVAL_SIGNATURE_INVALID', `signature does not hold: ${verdict.failures[0].reason}`);
  }
  const operator = candidates.find(({ key }) => key === verdict.keys[0]);
  if (operator === undefined) throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'no operator has the key that signed');
  if (operator.isRevoked) throw refuse('BOUNDARY_APPROVER_REVOKED', 'the key that signed is revoked');
  if (verdict.payloadType !== expected.payloadType) {
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'what was signed is something else', '/payloadType');
  }
  return { envelope, operator, value: readValue(verdict.payload, expected.shape) };
}

/** Whether an operator answers for an actor: it is that person, or acts in that person's name. */
export function answersFor({ operatorId, actorIds = [] }: Operator, actorId: string): boolean {
  return operatorId === actorId || actorIds.includes(actorId);
}

/** Whether an operator may agree to actions of a class; no clearance stated is every class. */
export function isCleared({ clearance }: Operator, ...classes: readonly (ActionClass | null | undefined)[]): boolean {
  if (clearance === undefined) return true;
  const rank = (actionClass: ActionClass) => actionClassSchema.options.indexOf(actionClass);
  return classes.every((each) => each === null || each === undefined || rank(each) <= rank(clearance));
}

/** The refusal of what somebody handed in. */
export function refuse(code: BoundaryErrorCode, message: string, pointer?: string, cause?: unknown): BoundaryError {
  return new BoundaryError(code, message, { ...(pointer === undefined ? {} : { pointer }), cause });
}

/** Codes of what refuses an answer or a grant itself. */
const REFUSAL = /^BOUNDARY_(?:APPROVAL|APPROVER|STANDING_GRANT)_/;

/** Whether an error refuses what an operator signed; otherwise nobody could tell, and nothing follows from it. */
export function isRefusal(error: unknown): boolean {
  return isBoundaryError(error) && REFUSAL.test(error.code);
}

function isUnsigned(input: unknown): boolean {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, 'payloadType')) return false;
  const { signatures } = input as { signatures?: unknown };
  return signatures === undefined || (Array.isArray(signatures) && signatures.length === 0);
}

function readValue<Value>(payload: Uint8Array, shape: Shape<Value>): Value {
  let value: unknown;
  try {
    value = parseCanonicalJson(payload);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'what was signed is not canonical JSON', '/payload');
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw refuse('BOUNDARY_APPROVAL_MALFORMED', 'what was signed has another shape', '/payload');
  return parsed.data;
}
