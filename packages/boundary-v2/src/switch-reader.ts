import type { Clock, SwitchStore } from '@exoarmur/contracts';
import { createSwitchBoard, UNKNOWN_SWITCHES } from '@exoarmur/policy';
import { settleWithin } from './deadline.ts';
import { type KeptSwitchCommands, listVerifiedCommands } from './kept-switch-commands.ts';

/** Options of {@link createSwitchReader}; none has a default, because each decides how long a stop can be missed. */
export interface SwitchReaderOptions extends KeptSwitchCommands {
  readonly clock: Clock;
  /** How long an answer of the store is good for when it gives no other, in milliseconds; 0: it must answer each time. */
  readonly maxAgeMs: number;
  /** How long the store may take, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The switches of one cell as its kept commands set them. The store is asked at each reading, and every command is verified
 * again. SECURITY: what cannot be read in time, or only from an answer older than `maxAgeMs`, is unknown, and one command
 * that does not verify makes every switch unknown for as long as it is there; the safety gate takes unknown for engaged.
 */
export function createSwitchReader(options: SwitchReaderOptions): SwitchStore {
  const { clock, maxAgeMs, timeoutMs } = options;
  let current = createSwitchBoard({ maxAgeMs });

  return {
    read: async (scope) => {
      const startedAt = clock.now();
      const board = current;
      const settled = await settleWithin(timeoutMs, () => listVerifiedCommands(options, board.lastSequence));
      if (settled.outcome !== 'returned') return board.read(scope, clock.now());
      if (settled.value === undefined) {
        // A reading that still goes on finds things for the old board, and none of them is put on the new one.
        if (current === board) current = createSwitchBoard({ maxAgeMs });
        return UNKNOWN_SWITCHES;
      }
      for (const { command } of settled.value) {
        // Another reading may have found it meanwhile.
        if (command.sequence > board.lastSequence) board.apply(command);
      }
      board.confirm(startedAt);
      return board.read(scope, startedAt);
    },
  };
}
