import { decodeBase64 } from '@exoarmur/canonical';
import {
  type Clock,
  isExoArmurError,
  type StreamEvidence,
  type SwitchStore,
  switchChangedSchema,
} from '@exoarmur/contracts';
import { createSwitchBoard, parseSwitchCommand, UNKNOWN_SWITCHES } from '@exoarmur/policy';
import { settleWithin } from './deadline.ts';
import { type KeptSwitchCommands, listVerifiedCommands } from './kept-switch-commands.ts';
import { switchStreamOf } from './reserved-streams.ts';

/** Options of {@link createSwitchReader}; what decides how long a stop can be missed has no default. */
export interface SwitchReaderOptions extends KeptSwitchCommands {
  readonly clock: Clock;
  /** How long an answer of the store is good for when it gives no other, in milliseconds; 0: it must answer each time. */
  readonly maxAgeMs: number;
  /** How long the store may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How many operators a kept clearing needs, or it clears nothing; 1 unless told. */
  readonly clearThreshold?: number;
  /** Numbers of the commands that the log has; a store without one of them was put back. */
  readonly recorded?: readonly number[];
}

/**
 * The switches of one cell as its kept commands set them. The store is asked at each reading, and every command is verified
 * again. SECURITY: what cannot be read in time, or only from an answer older than `maxAgeMs`, is unknown, and one command
 * that does not verify, or one that the log has and the store has not, makes every switch unknown for as long as it is so;
 * the safety gate takes unknown for engaged.
 */
export function createSwitchReader(options: SwitchReaderOptions): SwitchStore {
  const { clock, maxAgeMs, timeoutMs, recorded = [], clearThreshold = 1 } = options;
  const create = () => ({ board: createSwitchBoard({ maxAgeMs }), missing: new Set(recorded) });
  let current = create();

  return {
    read: async (scope) => {
      const startedAt = clock.now();
      const state = current;
      const { board, missing } = state;
      const settled = await settleWithin(timeoutMs, () => listVerifiedCommands(options, board.lastSequence));
      if (settled.outcome === 'returned' && settled.value === undefined) {
        // A reading that still goes on finds things for the old board, and none of them is put on the new one.
        if (current === state) current = create();
        return UNKNOWN_SWITCHES;
      }
      if (settled.outcome === 'returned') {
        for (const { command, signers } of settled.value ?? []) {
          missing.delete(command.sequence);
          // Another reading may have found it meanwhile.
          if (command.sequence <= board.lastSequence) continue;
          // SECURITY: whoever took it in may have asked for fewer than this cell does.
          if (command.state === 'clear' && signers.length < clearThreshold) board.skip(command);
          else board.apply(command);
        }
        board.confirm(startedAt);
      }
      if (missing.size > 0) return UNKNOWN_SWITCHES;
      return board.read(scope, settled.outcome === 'returned' ? startedAt : clock.now());
    },
  };
}

/** Numbers of the switch commands that the log of a cell has, for {@link SwitchReaderOptions.recorded}. Rejects as the log does. */
export async function listRecordedCommands(
  log: { collect(stream: string): Promise<Pick<StreamEvidence, 'payloads'>> },
  cell: string,
): Promise<readonly number[]> {
  try {
    const { payloads } = await log.collect(switchStreamOf(cell));
    return [...payloads.values()].flatMap(({ value }) => {
      const changed = switchChangedSchema.safeParse(value);
      return changed.success ? [parseSwitchCommand(decodeBase64(changed.data.envelope.payload)).sequence] : [];
    });
  } catch (error) {
    if (isExoArmurError(error) && error.code === 'AUDIT_STREAM_NOT_FOUND') return [];
    throw error;
  }
}
