import type { Command } from 'commander';

/** What may follow the words typed so far. */
export interface Completions {
  /** Command path without the program name, such as `keys generate`; empty for the program. */
  readonly path: string;
  readonly subcommands: readonly string[];
  /** Long flags. */
  readonly options: readonly string[];
}

/** Every command path of a command line with what it takes, sorted by path: what a completion script is made of. */
export function listCompletions(program: Command): readonly Completions[] {
  const entries: Completions[] = [];
  const visit = (command: Command, path: string): void => {
    const help = command.createHelp();
    entries.push({
      path,
      subcommands: help.visibleCommands(command).map((subcommand) => subcommand.name()),
      options: help
        .visibleOptions(command)
        .map((option) => option.long)
        .filter((flag) => flag !== undefined && flag !== null),
    });
    for (const subcommand of command.commands)
      visit(subcommand, path === '' ? subcommand.name() : `${path} ${subcommand.name()}`);
  };
  visit(program, '');
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}
