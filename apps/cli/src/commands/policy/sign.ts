import { resolve } from 'node:path';
import { createSigner, formatTime, parseJson } from '@exoarmur/canonical';
import { type PolicyBounds, pointToMember, policyBoundsSchema } from '@exoarmur/contracts';
import { createPolicyBundle, signPolicyBundle } from '@exoarmur/policy';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { countBetween } from '../../count.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { collect, readPolicySet } from './inputs.ts';

interface Options {
  readonly policy: string;
  readonly key: readonly string[];
  readonly tenant: string;
  readonly id: string;
  readonly bundleVersion: number;
  readonly issuedAt?: string;
  readonly expiresAt: string;
  readonly bounds?: string;
}

const MAX_BOUNDS_BYTES = 1_048_576;

export function registerSign(parent: Command, context: CommandContext): void {
  const command = parent
    .command('sign')
    .summary('sign a policy bundle')
    .description('Print a policy set as a bundle for one tenant, signed. A set that is not sound is not signed.');
  command
    .requiredOption('--policy <file>', 'policy set, or simple rules')
    .requiredOption('--key <file>', 'key file to sign with; repeat it for more signatures', collect)
    .requiredOption('--tenant <name>', 'the tenant that may be governed by it')
    .requiredOption('--id <id>', 'name of the bundle')
    .requiredOption(
      '--bundle-version <n>',
      'larger than that of the bundle it replaces',
      countBetween(1, 999_999_999_999_999),
    )
    .requiredOption('--expires-at <time>', 'from when on it is no longer valid, such as 2027-01-01T00:00:00.000Z')
    .option('--issued-at <time>', 'from when on it is valid (default: now)')
    .option('--bounds <file>', 'kill switches, autonomy envelope, trust floors and pins, as JSON')
    .action((options: Options) => {
      const policySet = readPolicySet(context.cwd, options.policy);
      const about = {
        bundle_id: options.id,
        tenant_id: options.tenant,
        version: options.bundleVersion,
        issued_at: options.issuedAt ?? formatTime(Date.now()),
        expires_at: options.expiresAt,
        ...(options.bounds === undefined ? {} : { bounds: readBounds(resolve(context.cwd, options.bounds)) }),
      };
      const bundle = createPolicyBundle(about, policySet);
      const keys = options.key.map((file) => readKeyFile(resolve(context.cwd, file)));
      const signers = keys.map(({ name, seed }) => createSigner(name, seed));
      context.terminal.out(formatJson(signPolicyBundle(bundle, signers)));
    });
  addExamples(command, [
    [
      'policy sign --policy policies.json --key policy.key --tenant acme --id policies-7 --bundle-version 7 --expires-at 2027-01-01T00:00:00.000Z > bundle.json',
      'sign a policy set for one tenant',
    ],
  ]);
}

function readBounds(path: string): PolicyBounds {
  const value = parseJson(readInputFile(path, MAX_BOUNDS_BYTES).bytes, { maxBytes: MAX_BOUNDS_BYTES });
  const parsed = policyBoundsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CliError('CLI_USAGE', 'the bounds do not have their shape', { pointer: pointToMember(parsed.error) });
}
