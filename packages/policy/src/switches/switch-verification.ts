import { parseVerifierKey, verifyEnvelope } from '@exoarmur/canonical';
import {
  type DsseEnvelope,
  dsseEnvelopeSchema,
  isExoArmurError,
  type Operator,
  SWITCH_COMMAND_PAYLOAD_TYPE,
  type SwitchCommand,
} from '@exoarmur/contracts';
import { parseSwitchCommand, SWITCH_ROLES } from './switch-command.ts';

/** Most signatures of one command. */
export const MAX_SWITCH_SIGNATURES = 8;

/** Why a command is not obeyed: the first that applies, in the order of `spec/switch-command.md`. */
export type SwitchRefusal =
  | 'command_malformed'
  | 'foreign_tenant'
  | 'issuer_mismatch'
  | 'other_cell'
  | 'role_missing'
  | 'sequence_replayed'
  | 'sequence_skipped'
  | 'signature_invalid'
  | 'signer_revoked'
  | 'signer_unknown'
  | 'threshold_unmet';

/** How many distinct operators it takes. Clearing can ask for more than engaging: stopping is easy, resuming is not. */
export interface SwitchThreshold {
  readonly engaged: number;
  readonly clear: number;
}

/** Options of {@link verifySwitchCommand}. */
export interface SwitchVerification {
  readonly tenant: string;
  readonly cell: string;
  /** Every operator one of whose key ids is on the envelope, revoked ones too. */
  readonly operators: readonly Operator[];
  readonly threshold: SwitchThreshold;
  /** The number of the last command obeyed, 0 before the first. */
  readonly lastSequence: number;
  /** True for a command that was obeyed before: who was revoked since gave it all the same. */
  readonly isPast?: boolean;
}

/** The answer of {@link verifySwitchCommand}. */
export type SwitchVerdict =
  | {
      readonly outcome: 'valid';
      readonly command: SwitchCommand;
      readonly envelope: DsseEnvelope;
      /** Who stands behind it and holds the role, in ascending order. */
      readonly signers: readonly string[];
    }
  | { readonly outcome: 'refused'; readonly reason: SwitchRefusal };

/**
 * Says whether a signed command (attacker-controlled) is one that this cell of this tenant obeys. Everything comes from the
 * signed bytes. @throws RangeError for a threshold that is no positive integer
 */
export function verifySwitchCommand(input: unknown, options: SwitchVerification): SwitchVerdict {
  const { tenant, cell, operators, threshold, lastSequence, isPast = false } = options;
  for (const count of [threshold.engaged, threshold.clear]) {
    if (!Number.isSafeInteger(count) || count < 1) throw new RangeError('a threshold must be a positive integer');
  }
  const envelope = dsseEnvelopeSchema.safeParse(input);
  if (!envelope.success || envelope.data.signatures.length > MAX_SWITCH_SIGNATURES) return refuse('command_malformed');
  const candidates = operators.map((operator) => ({ operator, key: parseVerifierKey(operator.vkey) }));
  if (candidates.length === 0) return refuse('signer_unknown');
  const verified = verifyEnvelope(envelope.data, { keys: candidates.map(({ key }) => key), threshold: 1 });
  if (verified.outcome === 'invalid') return refuse('signature_invalid');
  const signers = candidates.filter(({ key }) => verified.keys.includes(key)).map(({ operator }) => operator);
  const standing = signers.filter(({ isRevoked }) => isPast || !isRevoked);
  if (standing.length === 0) return refuse('signer_revoked');
  const command = verified.payloadType === SWITCH_COMMAND_PAYLOAD_TYPE ? read(verified.payload) : undefined;
  if (command === undefined) return refuse('command_malformed');
  if (command.tenant !== tenant) return refuse('foreign_tenant');
  if (command.switch === 'tenant' && command.subject !== tenant) return refuse('foreign_tenant');
  if (command.cell !== cell) return refuse('other_cell');
  const entitled = standing.filter(({ roles }) => roles.includes(SWITCH_ROLES[command.state]));
  if (entitled.length === 0) return refuse('role_missing');
  // SECURITY: people are counted, not keys, or one person with two keys would be two.
  const people = new Set(entitled.map(({ operatorId }) => operatorId));
  if (!people.has(command.issued_by)) return refuse('issuer_mismatch');
  if (people.size < threshold[command.state]) return refuse('threshold_unmet');
  if (command.sequence <= lastSequence) return refuse('sequence_replayed');
  // SECURITY: whoever took the last number there is would leave none for the next one who has to stop the cell.
  if (!isPast && command.sequence !== lastSequence + 1) return refuse('sequence_skipped');
  return { outcome: 'valid', command, envelope: envelope.data, signers: [...people].sort() };
}

function read(payload: Uint8Array): SwitchCommand | undefined {
  try {
    return parseSwitchCommand(payload);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}

function refuse(reason: SwitchRefusal): SwitchVerdict {
  return { outcome: 'refused', reason };
}
