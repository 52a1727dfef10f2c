import type { Command } from 'commander';

/** Appends examples to the help of a command: what is typed, and what it does. */
export function addExamples(command: Command, examples: readonly (readonly [line: string, does: string])[]): void {
  const lines = examples.map(([line, does]) => `  # ${does}\n  $ exoarmur ${line}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
