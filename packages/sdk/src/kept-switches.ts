import { createSwitchReader, type KeptSwitchCommands, listRecordedCommands } from '@exoarmur/boundary-v2';
import type { Clock, StreamEvidenceSource, SwitchStore } from '@exoarmur/contracts';
import { mergeSwitches } from '@exoarmur/policy';
import type { BoundaryConfig } from './config.ts';

/** One operator with the role stops; how many it takes to resume is for the configuration to say. */
export function switchThresholdOf({ switchClearThreshold = 1 }: Pick<BoundaryConfig, 'switchClearThreshold'>) {
  return { engaged: 1, clear: switchClearThreshold };
}

const READ_TIMEOUT_MS = 1000;

/**
 * The switches that signed commands set, and beside them whatever else the configuration names: an action is stopped when
 * either stops it. The kept ones are read at each decision; a store that does not answer stops everything, and so does one
 * that lacks a command of the log. A kept clearing that too few stand behind, whoever took it in, clears nothing.
 */
export async function openSwitches(
  other: SwitchStore | undefined,
  kept: KeptSwitchCommands,
  {
    clock,
    log,
    clearThreshold,
  }: { readonly clock: Clock; readonly log: StreamEvidenceSource; readonly clearThreshold: number },
): Promise<SwitchStore> {
  const recorded = await listRecordedCommands(log, kept.cell);
  const reader = createSwitchReader({
    ...{ ...kept, clock, recorded, clearThreshold },
    ...{ maxAgeMs: 0, timeoutMs: READ_TIMEOUT_MS },
  });
  if (other === undefined) return reader;
  return {
    read: async (scope) => {
      const [a, b] = await Promise.all([reader.read(scope), other.read(scope)]);
      return mergeSwitches(a, b);
    },
  };
}
