import { type Command, CommanderError } from 'commander';
import { type Ask, COMMANDS, type CommandContext, type CommandEntry } from './commands.ts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import { addExamples, addGroupExamples } from './help.ts';
import { ProgramCommand } from './program-command.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

/** What the process lends to one run. */
export interface ProgramWorld {
  readonly terminal: Terminal;
  readonly cwd: string;
  /** Puts a question to the person at the terminal, when somebody sits there. */
  readonly ask?: Ask | undefined;
  /** Variables of the process, for the flags; none unless they are lent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Runs the command that `args` ask for (without the interpreter and the script) and returns its exit code. */
export async function runProgram(args: readonly string[], world: ProgramWorld): Promise<ExitCode> {
  const { terminal } = world;
  let answer: ExitCode = EXIT_CODES.pass;
  const finish = (code: ExitCode): void => {
    answer = code;
  };
  try {
    const program = await createProgram(COMMANDS, { ...world, finish }, (entry) => isAskedFor(entry, args));
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return EXIT_CODES.usage;
    }
    await program.parseAsync(resolveHelp(program, args), { from: 'user' });
    return answer;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.pass;
    const { reportError, writeError } = await import('./report-error.ts');
    if (!(error instanceof CommanderError)) return reportError(error, terminal);
    writeError(terminal, 'CLI_USAGE', describeUsage(error));
    return EXIT_CODES.usage;
  }
}

/**
 * The command line with the commands of a table. Only the modules that `isLoaded` names are loaded: the others show
 * their name and summary.
 */
export async function createProgram(
  entries: readonly CommandEntry[],
  context: CommandContext,
  isLoaded: (entry: CommandEntry) => boolean,
): Promise<Command> {
  const { terminal } = context;
  const bold = (text: string): string => terminal.paint('bold', text);
  const program = new ProgramCommand('exoarmur')
    .description('Decides what an AI agent may do, does it once, and proves what happened.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command...]', 'print help for a command')
    .configureHelp({ styleTitle: bold, styleCommandDescription: joinLines })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      // Errors are reported once, in one form, where they are caught.
      outputError: () => undefined,
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => true,
      getErrHasColors: () => false,
    })
    .exitOverride();
  addExamples(program, [
    ['demo', 'see a denied deletion and its proof'],
    ['verify-bundle --bundle demo-output/proof-bundle.json', 'check the proof'],
    ['keys generate --help', 'read about one command'],
  ]);
  for (const entry of entries) {
    const command = program.command(entry.name).summary(entry.summary).description(sentence(entry.summary));
    if (!isLoaded(entry)) continue;
    (await entry.load()).register(command, context);
    addGroupExamples(command);
  }
  return program;
}

/**
 * `help a b` as `a b --help`, so that it reaches every command. A word that is no command is left to be refused as such, as if it
 * had been typed alone.
 */
function resolveHelp(program: Command, args: readonly string[]): string[] {
  const [help, ...words] = args;
  if (help !== 'help' || words.length === 0 || words.some((word) => word.startsWith('-'))) return [...args];
  let command = program;
  for (const [index, word] of words.entries()) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next !== undefined) command = next;
    else if (command.commands.length > 0) return words.slice(0, index + 1);
    else throw new CommanderError(2, 'exoarmur.noSubcommand', `'${command.name()}' has no command '${word}'`);
  }
  return [...words, '--help'];
}

/** A description is broken where the terminal ends, not where a line of the source does; paragraphs stay. */
function joinLines(description: string): string {
  return description.replace(/(\S)\n(?=\S)/g, '$1 ');
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function isAskedFor(entry: CommandEntry, args: readonly string[]): boolean {
  const words = args.filter((word) => !word.startsWith('-'));
  return entry.name === (words[0] === 'help' ? words[1] : words[0]);
}

/** How the command line was misused, in the form of every other error. Help and version are no misuse. */
function describeUsage(error: CommanderError): string {
  if (error.code === 'commander.help') return 'a subcommand is needed, see --help';
  return error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
}
