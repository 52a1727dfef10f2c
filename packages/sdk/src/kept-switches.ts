import { createSwitchReader, type KeptSwitchCommands, listRecordedCommands } from '@exoarmur/boundary-v2';
import type { Clock, StreamEvidenceSource, SwitchStore } from '@exoarmur/contracts';
import { mergeSwitches } from '@exoarmur/policy';

/** One operator with the role stops, and one resumes. */
export const SWITCH_THRESHOLD = Object.freeze({ engaged: 1, clear: 1 });

const READ_TIMEOUT_MS = 1000;

/**
 * The switches that signed commands set, and beside them whatever else the configuration names: an action is stopped when
 * either stops it. The kept ones are read at each decision; a store that does not answer stops everything, and so does one
 * that lacks a command of the log.
 */
export async function openSwitches(
  other: SwitchStore | undefined,
  kept: KeptSwitchCommands,
  { clock, log }: { readonly clock: Clock; readonly log: StreamEvidenceSource },
): Promise<SwitchStore> {
  const recorded = await listRecordedCommands(log, kept.cell);
  const reader = createSwitchReader({ ...kept, clock, recorded, maxAgeMs: 0, timeoutMs: READ_TIMEOUT_MS });
  if (other === undefined) return reader;
  return {
    read: async (scope) => {
      const [a, b] = await Promise.all([reader.read(scope), other.read(scope)]);
      return mergeSwitches(a, b);
    },
  };
}
