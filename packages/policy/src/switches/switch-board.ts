import { type VerifierKey, verifyEnvelope } from '@exoarmur/canonical';
import { type Clock, isExoArmurError, type SwitchState, type SwitchStore } from '@exoarmur/contracts';
import {
  parseSwitchCommand,
  SWITCH_COMMAND_PAYLOAD_TYPE,
  type SwitchCommand,
  type SwitchKind,
} from './switch-command.ts';

/** Why a command was not obeyed. */
export type SwitchRefusal =
  | 'command_malformed'
  | 'other_cell'
  | 'payload_type_unknown'
  | 'sequence_replayed'
  | 'signature_invalid';

/** The answer to a command. What was obeyed is to be recorded by the caller before the next decision. */
export type SwitchVerdict =
  | { readonly outcome: 'obeyed'; readonly command: SwitchCommand; readonly keys: readonly VerifierKey[] }
  | { readonly outcome: 'refused'; readonly reason: SwitchRefusal };

/** Options of {@link createSwitchBoard}; none of them has a default, because each of them decides who can stop what. */
export interface SwitchBoardOptions {
  readonly cell: string;
  readonly clock: Clock;
  /** Keys whose commands count. */
  readonly keys: readonly VerifierKey[];
  /** How many distinct keys it takes. Clearing can ask for more than engaging: stopping is easy, resuming is not. */
  readonly threshold: { readonly engage: number; readonly clear: number };
  /** How long a confirmed state is good for, in milliseconds; after that every switch reads `unknown`. */
  readonly maxAgeMs: number;
}

/** The kill switches of one cell in memory. */
export interface SwitchBoard extends SwitchStore {
  /** Obeys or refuses one signed command (attacker-controlled). Being obeyed confirms nothing about the other switches. */
  obey(envelope: unknown): SwitchVerdict;
  /** Says that the board is complete as of now: every command that exists has been put to it. */
  confirm(): void;
}

/**
 * Creates a board on which nothing is known: until it is confirmed, and again when the confirmation has grown old or the
 * clock has gone back behind it, every switch reads `unknown`, which stops what it would stop. A switch that was engaged
 * reads `engaged` at any age. @throws RangeError for a threshold below one, or an age that is not a positive integer
 */
export function createSwitchBoard(options: SwitchBoardOptions): SwitchBoard {
  const { cell, clock, keys, threshold, maxAgeMs } = options;
  const isSound = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  if (!isSound(threshold.engage) || !isSound(threshold.clear) || !isSound(maxAgeMs)) {
    throw new RangeError('thresholds and maximum age must be positive integers');
  }
  const engaged = new Set<string>();
  let lastSequence = 0;
  let confirmedAt: number | undefined;

  function stateOf(kind: SwitchKind, subject: string | null): SwitchState {
    if (engaged.has(keyOf(kind, subject))) return 'engaged';
    if (confirmedAt === undefined) return 'unknown';
    const age = clock.now() - confirmedAt;
    return age >= 0 && age <= maxAgeMs ? 'clear' : 'unknown';
  }

  return {
    obey: (envelope) => {
      const verdict = readCommand(envelope, keys, threshold);
      if (verdict.outcome === 'refused') return verdict;
      const { command } = verdict;
      if (command.cell !== cell) return { outcome: 'refused', reason: 'other_cell' };
      if (command.sequence <= lastSequence) return { outcome: 'refused', reason: 'sequence_replayed' };
      lastSequence = command.sequence;
      const key = keyOf(command.switch, command.subject);
      if (command.state === 'engaged') engaged.add(key);
      else engaged.delete(key);
      return verdict;
    },
    confirm: () => {
      confirmedAt = clock.now();
    },
    read: async ({ tenant, actor, actionClass }) => ({
      global: stateOf('global', null),
      tenant: stateOf('tenant', tenant),
      actor: stateOf('actor', `${tenant}/${actor}`),
      action_class: stateOf('action_class', actionClass),
    }),
  };
}

function keyOf(kind: SwitchKind, subject: string | null): string {
  return subject === null ? kind : `${kind} ${subject}`;
}

function readCommand(
  envelope: unknown,
  keys: readonly VerifierKey[],
  threshold: SwitchBoardOptions['threshold'],
): SwitchVerdict {
  const verified = verifyEnvelope(envelope, { keys, threshold: Math.min(threshold.engage, threshold.clear) });
  if (verified.outcome === 'invalid') return { outcome: 'refused', reason: 'signature_invalid' };
  if (verified.payloadType !== SWITCH_COMMAND_PAYLOAD_TYPE)
    return { outcome: 'refused', reason: 'payload_type_unknown' };
  let command: SwitchCommand;
  try {
    command = parseSwitchCommand(verified.payload);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return { outcome: 'refused', reason: 'command_malformed' };
  }
  const needed = command.state === 'engaged' ? threshold.engage : threshold.clear;
  if (verified.keys.length < needed) return { outcome: 'refused', reason: 'signature_invalid' };
  return { outcome: 'obeyed', command, keys: verified.keys };
}
