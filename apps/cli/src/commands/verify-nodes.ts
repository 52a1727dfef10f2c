import { resolve } from 'node:path';
import { decodeUtf8, parseTrustPolicy, TRUST_POLICY_LIMITS } from '@exoarmur/canonical';
import { type CheckName, MAX_BUNDLE_BYTES, type NodeAgreement } from '@exoarmur/contracts';
import type { Command } from 'commander';
import { parseCheckNames } from '../check-names.ts';
import type { CommandContext } from '../commands.ts';
import { countBetween } from '../count.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { readInputFile } from '../files.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { askNodes, NODE_PROCESS } from '../nodes/ask-nodes.ts';
import { printable } from '../terminal.ts';

interface Options {
  readonly bundle: string;
  readonly nodes: number;
  readonly tolerate?: number;
  readonly timeout: number;
  readonly trust?: string;
  readonly require?: readonly CheckName[];
  readonly json?: true;
}

export function register(command: Command, context: CommandContext): void {
  registerVerifyNodes(command, context, () => NODE_PROCESS);
}

/** The command over nodes of given modules. */
export function registerVerifyNodes(command: Command, context: CommandContext, moduleOf: (index: number) => URL): void {
  command
    .requiredOption('--bundle <file>', 'proof bundle to verify')
    .option('--nodes <n>', 'verifiers, each a process with a copy and a key of its own', countBetween(1, 64), 4)
    .option('--tolerate <n>', 'faulty ones to stand; as many as the number allows unless given', countBetween(0, 21))
    .option('--timeout <seconds>', 'time for each to answer', countBetween(1, 3600), 60)
    .option('--trust <file>', 'trust file with the keys that you trust')
    .option('--require <checks>', 'checks that must pass in place of the default ones', parseCheckNames)
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const { nodes, tolerate, timeout, require = null } = options;
      if (tolerate !== undefined && nodes < 3 * tolerate + 1) {
        throw new CliError('CLI_USAGE', `${nodes} nodes cannot stand ${tolerate} faulty ones: 3f + 1 are needed`);
      }
      const trust = options.trust === undefined ? null : readTrustText(resolve(context.cwd, options.trust));
      const { bytes: input } = readInputFile(resolve(context.cwd, options.bundle), MAX_BUNDLE_BYTES);
      const seats = Array.from({ length: nodes }, (_, index) => ({
        node: `node-${index + 1}`,
        copy: input,
        module: moduleOf(index),
      }));
      const assumed = tolerate === undefined ? {} : { tolerated: tolerate };
      const agreement = await askNodes(seats, { input, trust, require, timeoutMs: timeout * 1000, ...assumed });
      context.terminal.out(options.json === true ? formatJson(agreement) : printable(formatAgreement(agreement)));
      context.finish(agreement.validity === 'valid' ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['verify-nodes --bundle proof-bundle.json', 'four verifiers, of which one may lie'],
    ['verify-nodes --bundle proof-bundle.json --nodes 7 --trust trust.txt', 'seven, of which two may lie'],
  ]);
}

/** The agreement as text for a person. */
export function formatAgreement(agreement: NodeAgreement): string {
  const { nodes, tolerated, quorum, results, reason } = agreement;
  return [
    `${nodes} verifiers, ${tolerated} may be faulty, ${quorum} equal answers are needed`,
    ...results.map(({ node, standing, code, verify_verdict: verdict }) =>
      `  ${node.padEnd(10)}${standing.padEnd(14)}${verdict ?? ''}${code === null ? '' : code}`.trimEnd(),
    ),
    `AGREEMENT=${agreement.agreement} (${reason})`,
    `VALIDITY=${agreement.validity}`,
    '',
  ].join('\n');
}

/** The text travels to the nodes; that it parses is known before any is asked. */
function readTrustText(path: string): string {
  const text = decodeUtf8(readInputFile(path, TRUST_POLICY_LIMITS.maxBytes).bytes);
  parseTrustPolicy(text);
  return text;
}
