import { resolve } from 'node:path';
import { encodeUtf8 } from '@exoarmur/canonical';
import type { PolicySet } from '@exoarmur/contracts';
import { formatPolicySet } from '@exoarmur/policy';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile, replaceFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { printable } from '../../terminal.ts';
import { readPolicySet } from './inputs.ts';

interface Options {
  readonly policy: string;
  readonly write?: boolean;
  readonly check?: boolean;
}

export function registerFormat(parent: Command, context: CommandContext): void {
  const command = parent
    .command('format')
    .summary('lay out a policy set')
    .description(
      'Print a policy set in one layout, or simple rules as the policy set they mean. No policy changes its meaning.',
    );
  command
    .requiredOption('--policy <file>', 'policy set, or simple rules (exoarmur.simple-rules/1)')
    .addOption(new Option('--write', 'replace the file, when it is another').conflicts('check'))
    .option('--check', 'print nothing, and fail when the file is another')
    .action((options: Options) => {
      const text = formatSet(formatPolicySet(readPolicySet(context.cwd, options.policy)));
      if (options.write !== true && options.check !== true) {
        context.terminal.out(text);
        return;
      }
      const path = resolve(context.cwd, options.policy);
      const isSame = Buffer.from(readInputFile(path, Number.MAX_SAFE_INTEGER).bytes).equals(encodeUtf8(text));
      if (options.write === true && !isSame) replaceFile(path, encodeUtf8(text));
      if (options.check === true) {
        context.terminal.out(printable(`${options.policy}: ${isSame ? 'laid out' : 'not laid out'}\n`));
        context.finish(isSame ? EXIT_CODES.pass : EXIT_CODES.fail);
      }
    });
  addExamples(command, [
    ['policy format --policy policies.json --write', 'lay out the policies in the file'],
    ['policy format --policy rules.yaml > policies.json', 'compile simple rules to a policy set'],
  ]);
}

/** Members in the order people write them, policies by name. */
export function formatSet({ schema, language, policies, cedar_schema }: PolicySet): string {
  const sorted = Object.entries(policies).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ schema, language, policies: Object.fromEntries(sorted), cedar_schema }, null, 2)}\n`;
}
