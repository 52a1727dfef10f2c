import { quoteForMessage } from '@exoarmur/contracts';
import { explainDecision, formatExplanation } from '@exoarmur/policy';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readCases, readPolicySet } from './inputs.ts';

interface Options {
  readonly policy: string;
  readonly cases: string;
  readonly case: string;
  readonly json?: boolean;
}

export function registerExplain(parent: Command, context: CommandContext): void {
  const command = parent
    .command('explain')
    .summary('show the path to a verdict')
    .description('Decide one case of a file and show the path to the verdict. What the case expects is not looked at.');
  command
    .requiredOption('--policy <file>', 'policy set (exoarmur.policy-set/1)')
    .requiredOption('--cases <file>', 'case file (exoarmur.policy-cases/1, YAML or JSON)')
    .requiredOption('--case <name>', 'name of the case')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const policySet = readPolicySet(context.cwd, options.policy);
      const one = readCases(context.cwd, options.cases).find(({ name }) => name === options.case);
      if (one === undefined) throw new CliError('CLI_USAGE', `no case is called ${quoteForMessage(options.case)}`);
      const explanation = await explainDecision(policySet, one.intent, one.facts);
      const text = options.json === true ? formatJson(explanation) : `${printable(formatExplanation(explanation))}\n`;
      context.terminal.out(text);
    });
  addExamples(command, [
    ['policy explain --policy policies.json --cases cases.yaml --case nightly-cleanup', 'why does it come out so'],
  ]);
}
