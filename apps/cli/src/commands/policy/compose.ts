import { basename, resolve } from 'node:path';
import { decodeUtf8 } from '@exoarmur/canonical';
import { isIdentifier, quoteForMessage } from '@exoarmur/contracts';
import { assertPolicySet, formatIntentSchema, formatPolicySet, POLICY_SET_LIMITS } from '@exoarmur/policy';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatSet } from './format.ts';
import { collect } from './inputs.ts';

/** Ending of a file with one Cedar policy. */
const CEDAR = '.cedar';

type Fact = 'history' | 'threat';

interface Options {
  readonly action: readonly string[];
  readonly fact?: readonly Fact[];
  readonly schema?: true;
}

/** `policy compose`: a policy set out of Cedar files and the names of actions. */
export function registerCompose(parent: Command, context: CommandContext): void {
  const command = parent
    .command('compose')
    .summary('make a policy set out of Cedar files')
    .description(
      'Print a policy set made of Cedar files, one policy each, which is named like its file. An action that is not named with\n' +
        '--action does not exist for the policies, and is denied.',
    )
    .argument('[files...]', 'Cedar files, each with one policy: NAME.cedar')
    .requiredOption('--action <type>', 'type of action that the policies are about; repeat it for more', collect)
    .option('--fact <name>', 'history or threat, when the policies read it; repeat it for both', collectFact)
    .option('--schema', 'print the Cedar schema alone, for an editor')
    .action((files: readonly string[], options: Options) => {
      const cedar_schema = formatIntentSchema(options.action, options.fact);
      if (options.schema === true) {
        if (files.length > 0) throw new CliError('CLI_USAGE', '--schema needs no files');
        context.terminal.out(cedar_schema);
        return;
      }
      if (files.length === 0) throw new CliError('CLI_USAGE', 'name the Cedar files, or --schema');
      const policies = readPolicies(context.cwd, files);
      const set = assertPolicySet({ schema: 'exoarmur.policy-set/1', language: 'cedar', policies, cedar_schema });
      context.terminal.out(formatSet(formatPolicySet(set)));
    });
  addExamples(command, [
    ['policy compose --action file.delete policies/*.cedar > policies.json', 'one set of all policies in a folder'],
    ['policy compose --action file.delete --schema > intents.cedarschema', 'what an editor checks them against'],
  ]);
}

function collectFact(value: string, before: readonly Fact[] = []): readonly Fact[] {
  if (value === 'history' || value === 'threat') return [...before, value];
  throw new CliError('CLI_USAGE', `${quoteForMessage(value)} is no such fact: history or threat`);
}

/** @throws CliError CLI_USAGE, CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE; CanonicalError for what is no UTF-8 */
function readPolicies(cwd: string, files: readonly string[]): Readonly<Record<string, string>> {
  const policies = new Map<string, string>();
  for (const file of files) {
    const name = basename(file, CEDAR);
    if (!file.endsWith(CEDAR)) throw new CliError('CLI_USAGE', `${quoteForMessage(file)} does not end in ${CEDAR}`);
    if (!isIdentifier(name)) {
      throw new CliError('CLI_USAGE', `${quoteForMessage(name)} is no name of a policy: letters, digits, ., _ and -`);
    }
    if (policies.has(name)) throw new CliError('CLI_USAGE', `two files give the policy ${quoteForMessage(name)}`);
    policies.set(name, decodeUtf8(readInputFile(resolve(cwd, file), POLICY_SET_LIMITS.maxBytes).bytes));
  }
  return Object.fromEntries(policies);
}
