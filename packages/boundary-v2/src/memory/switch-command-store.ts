import type { KeptSwitchCommand, SwitchCommandStore } from '@exoarmur/contracts';

/** The switch commands of one cell in the memory of one process. */
export function createMemorySwitchCommandStore(): SwitchCommandStore {
  const kept: KeptSwitchCommand[] = [];
  return {
    isDurable: false,
    // INVARIANT: no await between comparing and entering, which is what makes it one step.
    append: async (command) => {
      if (command.sequence <= (kept.at(-1)?.sequence ?? 0)) return 'sequence_taken';
      kept.push(structuredClone(command));
      return 'appended';
    },
    list: async ({ after, limit }) =>
      kept
        .filter(({ sequence }) => sequence > after)
        .slice(0, limit)
        .map((command) => structuredClone(command)),
    markRecorded: async (sequence) => {
      const index = kept.findIndex((command) => command.sequence === sequence);
      const command = kept[index];
      if (command !== undefined) kept[index] = { ...command, isRecorded: true };
    },
  };
}
