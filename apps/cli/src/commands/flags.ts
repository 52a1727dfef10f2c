import { FLAGS, resolveFlags } from '@exoarmur/contracts';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';

export function register(command: Command, context: CommandContext): void {
  command
    .description('Show every feature flag, its value and where that comes from. A misspelt variable is an error.')
    .option('--json', 'print one JSON object')
    .action((options: { readonly json?: boolean }) => {
      const { flags, sources } = resolveFlags({ environment: context.environment ?? {} });
      if (options.json === true) {
        const described = FLAGS.map(({ name, variable, nature, effect }) => [
          name,
          { value: flags[name], source: sources[name], variable, nature, effect },
        ]);
        context.terminal.out(formatJson({ flags: Object.fromEntries(described) }));
        return;
      }
      const width = Math.max(...FLAGS.map(({ variable }) => variable.length));
      for (const { name, variable, effect } of FLAGS) {
        const value = flags[name] ? context.terminal.paint('bold', 'on ') : 'off';
        context.terminal.out(`${value}  ${variable.padEnd(width)}  ${sources[name].padEnd(11)}  ${effect}\n`);
      }
    });
  addExamples(command, [
    ['flags', 'what is switched on here'],
    ['flags --json', 'the same for a script'],
  ]);
}
