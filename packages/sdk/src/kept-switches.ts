import { createSwitchReader, type KeptSwitchCommands } from '@exoarmur/boundary-v2';
import type { Clock, SwitchStore } from '@exoarmur/contracts';
import { mergeSwitches } from '@exoarmur/policy';

/** One operator with the role stops, and one resumes. */
export const SWITCH_THRESHOLD = Object.freeze({ engaged: 1, clear: 1 });

const READ_TIMEOUT_MS = 1000;

/**
 * The switches that signed commands set, and beside them whatever else the configuration names: an action is stopped when
 * either stops it. The kept ones are read at each decision; a store that does not answer stops everything.
 */
export function joinSwitches(other: SwitchStore | undefined, kept: KeptSwitchCommands, clock: Clock): SwitchStore {
  const reader = createSwitchReader({ ...kept, clock, maxAgeMs: 0, timeoutMs: READ_TIMEOUT_MS });
  if (other === undefined) return reader;
  return {
    read: async (scope) => {
      const [a, b] = await Promise.all([reader.read(scope), other.read(scope)]);
      return mergeSwitches(a, b);
    },
  };
}
