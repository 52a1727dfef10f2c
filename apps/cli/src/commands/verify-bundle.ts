import { resolve } from 'node:path';
import { checkNameSchema, MAX_BUNDLE_BYTES, type VerificationReport } from '@exoarmur/contracts';
import { formatGovernance, verifyGovernance } from '@exoarmur/governance-artifacts';
import { createCedarEvaluator } from '@exoarmur/policy';
import { formatReport, verifyBundle } from '@exoarmur/replay';
import type { Command } from 'commander';
import { parseCheckNames } from '../check-names.ts';
import type { CommandContext } from '../commands.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { readInputFile } from '../files.ts';
import { type CapabilityArguments, withCapabilityRecord } from '../governance/capability-record.ts';
import { prepareGovernance } from '../governance/verification.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { printable, type Terminal } from '../terminal.ts';
import { readTrustFile } from '../trust-file.ts';

interface Options extends CapabilityArguments {
  readonly bundle: string;
  readonly trust?: string;
  readonly require?: string;
  readonly json?: boolean;
  readonly providers?: string;
  readonly project?: string;
  readonly governancePolicy?: string;
}

export function register(command: Command, context: CommandContext): void {
  command
    .requiredOption('--bundle <file>', 'proof bundle to check')
    .option('--trust <file>', 'trust file (C2SP tlog-policy) with the keys that you trust')
    .option(
      '--require <checks>',
      `checks that must pass in place of the default ones: ${checkNameSchema.options.join(',')}`,
    )
    .option('--providers <file>', 'trust file of governance artifact providers (needs the flag of discovery)')
    .option('--project <folder>', 'folder whose node_modules holds them; the current one unless named')
    .option('--governance-policy <file>', 'artifact types that must be there and verify')
    .option('--capability-events <file>', 'write what was done with providers, one JSON line for each event')
    .option('--log-db <file>', 'seal what is done with providers in this log, before it is done')
    .option('--log-key <file>', 'key file of that log, named like its origin')
    .option('--log-cell <name>', 'cell that is recorded')
    .option('--json', 'print the report as one JSON object')
    .action(async (options: Options) => {
      const require = options.require === undefined ? undefined : parseCheckNames(options.require);
      const isGovernanceRequired = require?.includes('governance') === true;
      const governance = await prepareGovernance({ ...options, isRequired: isGovernanceRequired }, context);
      const trust = options.trust === undefined ? undefined : readTrustFile(resolve(context.cwd, options.trust));
      const { bytes } = readInputFile(resolve(context.cwd, options.bundle), MAX_BUNDLE_BYTES);
      const core = await verifyBundle(bytes, {
        evaluator: createCedarEvaluator(),
        ...(trust === undefined ? {} : { trust }),
        ...(require === undefined ? {} : { require: require.filter((name) => name !== 'governance') }),
      });
      const isDiscovering = governance.providers !== undefined;
      const report = await withCapabilityRecord(options, context, isDiscovering, (capabilities) =>
        verifyGovernance(bytes, core, { ...governance, capabilities }),
      );
      context.terminal.out(options.json === true ? formatJson(report) : paintVerdict(report, context.terminal));
      context.finish(report.verify_verdict === 'PASS' ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['verify-bundle --bundle proof-bundle.json', 'was it altered, is it whole, would it be decided so again'],
    ['verify-bundle --bundle proof-bundle.json --trust trust.txt', 'and did the key that I trust vouch for it'],
    ['verify-bundle --bundle proof-bundle.json --require signer,decision --trust trust.txt', 'fail unless these pass'],
  ]);
}

function paintVerdict(report: VerificationReport, terminal: Terminal): string {
  const { verify_verdict: verdict } = report;
  const text = printable(`${formatReport(report)}${formatGovernance(report)}`);
  const painted = terminal.paint(verdict === 'PASS' ? 'green' : 'red', verdict);
  return text.startsWith(verdict) ? `${painted}${text.slice(verdict.length)}` : text;
}
