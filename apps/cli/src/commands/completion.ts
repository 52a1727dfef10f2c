import { Argument, type Command } from 'commander';
import { COMMANDS, type CommandContext } from '../commands.ts';
import { formatCompletionScript, SHELLS, type Shell } from '../completion/shells.ts';
import { listCompletions } from '../completion/vocabulary.ts';
import { addExamples } from '../help.ts';
import { createProgram } from '../program.ts';

export function register(command: Command, context: CommandContext): void {
  command.addArgument(new Argument('<shell>', 'shell to complete in').choices(SHELLS)).action(async (shell: Shell) => {
    const program = await createProgram(COMMANDS, context, () => true);
    context.terminal.out(formatCompletionScript(shell, listCompletions(program)));
  });
  addExamples(command, [
    ['completion bash > ~/.local/share/bash-completion/completions/exoarmur', 'for bash'],
    ['completion zsh > ~/.zfunc/_exoarmur', 'for zsh, with ~/.zfunc in fpath'],
    ['completion fish > ~/.config/fish/completions/exoarmur.fish', 'for fish'],
  ]);
}
