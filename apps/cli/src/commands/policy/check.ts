import { checkPolicySet, digestPolicySet, type PolicyCaseReport, runPolicyCases } from '@exoarmur/policy';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readCases, readPolicySet } from './inputs.ts';

interface Options {
  readonly policy: string;
  readonly cases?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function registerCheck(parent: Command, context: CommandContext): void {
  const command = parent
    .command('check')
    .summary('check a policy set')
    .description('Check that a policy set is sound, find policies that do nothing, and prove what must be denied.');
  command
    .requiredOption('--policy <file>', 'policy set (exoarmur.policy-set/1)')
    .option('--cases <file>', 'case file whose `must_deny` the policies have to deny')
    .option('--strict', 'fail on findings too')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const policySet = readPolicySet(context.cwd, options.policy);
      const cases = options.cases === undefined ? [] : readCases(context.cwd, options.cases);
      const { problems, findings } = checkPolicySet(policySet);
      const mustDeny = cases.filter(({ expect }) => expect === null);
      const results: PolicyCaseReport['results'] =
        problems.length > 0 ? [] : (await runPolicyCases(policySet, mustDeny)).results;
      const open = results.filter(({ passed }) => !passed);
      const isSound = problems.length === 0 && open.length === 0;
      const passed = isSound && (options.strict !== true || findings.length === 0);
      const digest = digestPolicySet(policySet);
      if (options.json === true) {
        const must_deny = results.map(({ name, passed, rationale }) => ({ name, passed, rationale }));
        context.terminal.out(formatJson({ passed, policy_digest: digest, problems, findings, must_deny }));
      } else {
        const count = Object.keys(policySet.policies).length;
        const lines = [
          ...problems.map(({ policy, message }) => `problem  ${policy ?? 'the set'}: ${message.replace(/\s+/g, ' ')}`),
          ...open.map(({ name, differences }) => `open     ${name}: ${differences.join('; ')}`),
          ...findings.map(({ kind, policy, message }) => `finding  ${policy ?? 'the set'}: ${kind}, ${message}`),
          `${passed ? 'PASS' : 'FAIL'}  ${count} policies, ${results.length} must-deny cases, ${findings.length} findings`,
          `      ${digest}`,
        ];
        context.terminal.out(printable(`${lines.join('\n')}\n`));
      }
      context.finish(passed ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['policy check --policy policies.json', 'is it sound, and does every policy do something'],
    [
      'policy check --policy policies.json --cases cases.yaml --strict',
      'and is denied what must be, with no finding left',
    ],
  ]);
}
