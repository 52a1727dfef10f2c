import { parseTime } from '@exoarmur/canonical';
import { type BundleVerdict, verifyPolicyBundle } from '@exoarmur/policy';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { addKeyringOptions, type KeyringOptions, readEnvelope, readKeyring } from './inputs.ts';

interface Options extends KeyringOptions {
  readonly bundle: string;
  readonly tenant: string;
  readonly at?: string;
  readonly json?: boolean;
}

export function registerVerify(parent: Command, context: CommandContext): void {
  const command = parent
    .command('verify')
    .summary('check a policy bundle')
    .description('Say whether a tenant may be governed by a bundle. Which version it replaces is not asked.');
  addKeyringOptions(
    command.requiredOption('--bundle <file>', 'signed policy bundle').requiredOption('--tenant <name>', 'the tenant'),
  )
    .option('--at <time>', 'the moment that it is asked for (default: now)')
    .option('--json', 'print one JSON object')
    .action((options: Options) => {
      const { tenant } = options;
      const keyring = readKeyring(context.cwd, tenant, options);
      const now = options.at === undefined ? Date.now() : parseTime(options.at);
      const verdict = verifyPolicyBundle(readEnvelope(context.cwd, options.bundle), {
        keyring,
        tenant,
        now,
        active: null,
      });
      context.terminal.out(options.json === true ? formatJson(describe(verdict)) : printable(formatVerdict(verdict)));
      context.finish(verdict.outcome === 'valid' ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    [
      'policy verify --bundle bundle.json --tenant acme --signer policy.vkey',
      'is it signed, valid now, and for this tenant and engine',
    ],
  ]);
}

function describe(verdict: BundleVerdict) {
  if (verdict.outcome === 'refused') return { passed: false, reason: verdict.reason, problems: verdict.problems };
  const { bundle, bundleDigest, keys } = verdict;
  const { bundle_id, version, issued_at, expires_at, policy_digest } = bundle;
  const signers = keys.map(({ name }) => name).sort();
  return {
    passed: true,
    bundle_digest: bundleDigest,
    bundle_id,
    version,
    issued_at,
    expires_at,
    policy_digest,
    signers,
  };
}

function formatVerdict(verdict: BundleVerdict): string {
  if (verdict.outcome === 'refused') {
    const problems = verdict.problems.map(
      ({ policy, message }) => `problem  ${policy ?? 'the set'}: ${message.replace(/\s+/g, ' ')}\n`,
    );
    return `${problems.join('')}FAIL  ${verdict.reason}\n`;
  }
  const { bundle, bundleDigest, keys } = verdict;
  const signers = keys.map(({ name }) => name).sort();
  return (
    `PASS  ${bundle.bundle_id}, version ${bundle.version}, until ${bundle.expires_at}\n` +
    `      signed by ${signers.join(', ')}\n      ${bundleDigest}\n`
  );
}
