import { diffPolicySets, type PolicyDifference, type PolicyMeaning } from '@exoarmur/policy';
import { Argument, type Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readPolicySet } from './inputs.ts';

export function registerDiff(parent: Command, context: CommandContext): void {
  const command = parent
    .command('diff')
    .summary('compare two policy sets by meaning')
    .description(
      'Compare two policy sets policy by policy, by what they mean. Another layout of a text is no difference.',
    );
  command
    .addArgument(new Argument('<before>', 'policy set, or simple rules'))
    .addArgument(new Argument('<after>', 'policy set, or simple rules'))
    .option('--json', 'print one JSON object')
    .action((before: string, after: string, options: { readonly json?: boolean }) => {
      const difference = diffPolicySets(readPolicySet(context.cwd, before), readPolicySet(context.cwd, after));
      const { policies, isSchemaChanged } = difference;
      const changed = policies.filter(({ change }) => change !== 'respelt');
      const isSame = changed.length === 0 && !isSchemaChanged;
      if (options.json === true) {
        context.terminal.out(formatJson({ same: isSame, schema_changed: isSchemaChanged, policies }));
      } else {
        const lines = policies.map(formatDifference);
        if (isSchemaChanged) lines.push('schema   other actions or another schema');
        const summary = isSame ? 'The same policies' : `${changed.length} policies differ`;
        context.terminal.out(printable(`${[...lines, summary].join('\n')}\n`));
      }
      context.finish(isSame ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['policy diff policies-6.json policies-7.json', 'what would be permitted or forbidden otherwise'],
  ]);
}

function formatDifference({ policy, change, before, after }: PolicyDifference): string {
  const [was, is] = [before, after].map((meaning) => (meaning === null ? '' : formatMeaning(meaning)));
  const meaning = was === '' || was === is ? is : is === '' ? was : `${was} -> ${is}`;
  return `${change.padEnd(7)}  ${policy}: ${meaning}`;
}

function formatMeaning({ effect, approval }: PolicyMeaning): string {
  return approval === null
    ? effect
    : `${effect} unless ${approval === 'human' ? 'a person agrees' : 'a quorum agrees'}`;
}
