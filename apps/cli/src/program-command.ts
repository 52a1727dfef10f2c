import { Command } from 'commander';

/** A command that names an unknown option before one that is missing: the one is mostly the other, misspelt. */
export class ProgramCommand extends Command {
  override createCommand(name?: string): ProgramCommand {
    return new ProgramCommand(name);
  }

  override parseOptions(args: string[]) {
    const parsed = super.parseOptions(args);
    // Without mandatory options the parser goes on to the unknown ones, and refuses them with the name that is alike.
    if (this.commands.length === 0 && parsed.unknown.length > 0) {
      for (const option of this.options) option.mandatory = false;
    }
    return parsed;
  }
}
