import type { Command } from 'commander';

type Example = readonly [line: string, does: string];

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/** Appends examples to the help of a command: what is typed, and what it does. */
export function addExamples(command: Command, examples: readonly Example[]): void {
  EXAMPLES.set(command, examples);
  const lines = examples.map(([line, does]) => `  # ${does}\n  $ exoarmur ${line}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Gives a group without examples of its own the first one of each of its commands. */
export function addGroupExamples(command: Command): void {
  if (command.commands.length === 0 || EXAMPLES.has(command)) return;
  addExamples(
    command,
    command.commands.flatMap((subcommand) => EXAMPLES.get(subcommand)?.slice(0, 1) ?? []),
  );
}
