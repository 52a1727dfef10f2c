import { runPolicyCases } from '@exoarmur/policy';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readCases, readPolicySet } from './inputs.ts';

interface Options {
  readonly policy: string;
  readonly cases: string;
  readonly requireCoverage?: boolean;
  readonly json?: boolean;
}

export function registerTest(parent: Command, context: CommandContext): void {
  const command = parent
    .command('test')
    .summary('decide cases under a policy set')
    .description('Decide the cases of a file under a policy set and compare verdict, policies and rules.');
  command
    .requiredOption('--policy <file>', 'policy set (exoarmur.policy-set/1)')
    .requiredOption('--cases <file>', 'case file (exoarmur.policy-cases/1, YAML or JSON)')
    .option('--require-coverage', 'fail when a policy holds in no case')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const policySet = readPolicySet(context.cwd, options.policy);
      const report = await runPolicyCases(policySet, readCases(context.cwd, options.cases));
      const { results, coverage } = report;
      const { held, neverHeld } = coverage;
      const passed = report.passed && (options.requireCoverage !== true || neverHeld.length === 0);
      if (options.json === true) {
        const cases = results.map(({ mustDeny, ...result }) => ({ ...result, must_deny: mustDeny }));
        context.terminal.out(formatJson({ passed, cases, coverage: { held, never_held: neverHeld } }));
      } else {
        const lines = results.flatMap(({ name, passed, verdict, rationale, differences }) => [
          `${passed ? 'passed' : 'FAILED'}  ${name}: ${verdict} - ${rationale}`,
          ...differences.map((difference) => `        ${difference}`),
        ]);
        lines.push(...neverHeld.map((id) => `never held: ${id}`));
        const count = results.filter((result) => result.passed).length;
        lines.push(
          `${passed ? 'PASS' : 'FAIL'}  ${count} of ${results.length} cases passed, ${held.length} of ${held.length + neverHeld.length} policies held`,
        );
        context.terminal.out(printable(`${lines.join('\n')}\n`));
      }
      context.finish(passed ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['policy test --policy policies.json --cases cases.yaml', 'does every case come out as written'],
    ['policy test --policy policies.json --cases cases.yaml --require-coverage', 'and does every policy hold in one'],
  ]);
}
