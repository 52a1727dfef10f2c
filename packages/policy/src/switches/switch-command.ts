import {
  CanonicalError,
  canonicalizeToBytes,
  type DsseEnvelope,
  type NamedSigner,
  parseCanonicalJson,
  signEnvelope,
} from '@exoarmur/canonical';
import {
  MAX_SWITCH_COMMAND_BYTES,
  pointToProblem,
  SWITCH_COMMAND_PAYLOAD_TYPE,
  type SwitchCommand,
  switchCommandSchema,
} from '@exoarmur/contracts';
import { PolicyError } from '../errors.ts';

/** Roles that let an operator work switches. Stopping is easy, resuming is not: nobody has one by having the other. */
export const SWITCH_ROLES = Object.freeze({ engaged: 'switch-engage', clear: 'switch-clear' } as const);

/**
 * Reads the signed payload of a switch command: canonical JSON, exactly its members, each in its range. Its signatures have
 * been verified by now, or nothing may follow from it. @throws PolicyError POLICY_SWITCH_COMMAND_MALFORMED
 */
export function parseSwitchCommand(payload: Uint8Array): SwitchCommand {
  let value: unknown;
  try {
    value = parseCanonicalJson(payload, { maxBytes: MAX_SWITCH_COMMAND_BYTES });
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    throw malformed(error.pointer ?? '', error);
  }
  const parsed = switchCommandSchema.safeParse(value);
  if (!parsed.success) throw malformed(pointToProblem(parsed.error));
  return parsed.data;
}

/** Signs a command as it is obeyed: canonical bytes in a DSSE envelope. @throws PolicyError POLICY_SWITCH_COMMAND_MALFORMED */
export function signSwitchCommand(command: SwitchCommand, signers: readonly NamedSigner[]): DsseEnvelope {
  const payload = canonicalizeToBytes(command);
  parseSwitchCommand(payload);
  return signEnvelope({ payloadType: SWITCH_COMMAND_PAYLOAD_TYPE, payload, signers });
}

function malformed(pointer: string, cause?: unknown): PolicyError {
  return new PolicyError('POLICY_SWITCH_COMMAND_MALFORMED', 'the payload is not a switch command', { pointer, cause });
}
