import { decodeBase64, parseCanonicalJson } from '@exoarmur/canonical';
import { type DsseEnvelope, isExoArmurError } from '@exoarmur/contracts';
import { type TrailViolation, type TrailViolationCode, violation } from './violation.ts';

/** What a schema of contracts offers, as far as it is needed here. */
interface Shape<Value> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: Value }
    | { readonly success: false; readonly error: { readonly issues: readonly { readonly message: string }[] } };
}

/**
 * The signed value inside a recorded envelope: canonical JSON of the payload type and shape expected. Whose signature it is,
 * is for those who hold the keys to check.
 */
export function readSignedValue<Value>(
  envelope: DsseEnvelope,
  expected: { readonly payloadType: string; readonly shape: Shape<Value>; readonly code: TrailViolationCode },
): { readonly value: Value } | { readonly violation: TrailViolation } {
  const { payloadType, shape, code } = expected;
  if (envelope.payloadType !== payloadType) {
    return violation(code, '/payload/envelope/payloadType', payloadType, envelope.payloadType);
  }
  let value: unknown;
  try {
    value = parseCanonicalJson(decodeBase64(envelope.payload));
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return violation(code, '/payload/envelope/payload', 'canonical JSON', error.code);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0]?.message ?? 'another shape';
  return violation(code, '/payload/envelope/payload', `a value of type ${payloadType}`, issue);
}
