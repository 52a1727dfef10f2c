import {
  CanonicalError,
  canonicalizeToBytes,
  type DsseEnvelope,
  type NamedSigner,
  parseCanonicalJson,
  parseTime,
  signEnvelope,
} from '@exoarmur/canonical';
import { actionClassSchema, identifierSchema, lineSchema, scopeNameSchema } from '@exoarmur/contracts';
import { PolicyError } from '../errors.ts';

/** DSSE payload type of a switch command. */
export const SWITCH_COMMAND_PAYLOAD_TYPE = 'application/vnd.exoarmur.switch-command.v1+json';

/** Largest payload of a switch command, in bytes. */
export const MAX_SWITCH_COMMAND_BYTES = 8192;

/** What a switch is about. */
export type SwitchKind = 'global' | 'tenant' | 'actor' | 'action_class';

/** The signed order to engage or clear one switch of one cell. */
export interface SwitchCommand {
  readonly schema: 'exoarmur.switch-command/1';
  /** The cell it is for; no other cell obeys it. */
  readonly cell: string;
  /** Larger than that of every command the cell has obeyed, so that an old one cannot be sent again. */
  readonly sequence: number;
  readonly switch: SwitchKind;
  /** Null for `global`; a tenant; `<tenant>/<actor>`; an action class. */
  readonly subject: string | null;
  readonly state: 'engaged' | 'clear';
  readonly reason: string;
  readonly issued_by: string;
  readonly issued_at: string;
}

const MEMBERS = ['cell', 'issued_at', 'issued_by', 'reason', 'schema', 'sequence', 'state', 'subject', 'switch'];

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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('');
  const members = value as Readonly<Record<string, unknown>>;
  if (Object.keys(members).sort().join() !== MEMBERS.join()) throw malformed('');
  const broken = MEMBERS.find((member) => !isMember(member, members));
  if (broken !== undefined) throw malformed(`/${broken}`);
  return members as unknown as SwitchCommand;
}

/** Signs a command as it is obeyed: canonical bytes in a DSSE envelope. @throws PolicyError POLICY_SWITCH_COMMAND_MALFORMED */
export function signSwitchCommand(command: SwitchCommand, signers: readonly NamedSigner[]): DsseEnvelope {
  const payload = canonicalizeToBytes(command);
  parseSwitchCommand(payload);
  return signEnvelope({ payloadType: SWITCH_COMMAND_PAYLOAD_TYPE, payload, signers });
}

function isMember(member: string, command: Readonly<Record<string, unknown>>): boolean {
  const value = command[member];
  switch (member) {
    case 'schema':
      return value === 'exoarmur.switch-command/1';
    case 'cell':
      return scopeNameSchema.safeParse(value).success;
    case 'sequence':
      return Number.isSafeInteger(value) && (value as number) >= 1;
    case 'switch':
      return isKind(value);
    case 'subject':
      return isSubject(command.switch, value);
    case 'state':
      return value === 'engaged' || value === 'clear';
    case 'reason':
      return lineSchema(1024).min(1).safeParse(value).success;
    case 'issued_by':
      return identifierSchema.safeParse(value).success;
    default:
      return typeof value === 'string' && isTime(value);
  }
}

function isKind(value: unknown): value is SwitchKind {
  return value === 'global' || value === 'tenant' || value === 'actor' || value === 'action_class';
}

function isSubject(kind: unknown, subject: unknown): boolean {
  // A kind that does not exist is reported as itself.
  if (!isKind(kind)) return true;
  if (kind === 'global') return subject === null;
  if (kind === 'tenant') return scopeNameSchema.safeParse(subject).success;
  if (kind === 'action_class') return actionClassSchema.safeParse(subject).success;
  if (typeof subject !== 'string') return false;
  const [tenant, actor, ...rest] = subject.split('/');
  const isPair = scopeNameSchema.safeParse(tenant).success && identifierSchema.safeParse(actor).success;
  return rest.length === 0 && isPair;
}

function isTime(text: string): boolean {
  try {
    parseTime(text);
    return true;
  } catch (error) {
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

function malformed(pointer: string, cause?: unknown): PolicyError {
  return new PolicyError('POLICY_SWITCH_COMMAND_MALFORMED', 'the payload is not a switch command', { pointer, cause });
}
