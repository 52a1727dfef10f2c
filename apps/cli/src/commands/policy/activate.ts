import { activatePolicyBundle } from '@exoarmur/boundary-v2';
import type { DowngradeOverride } from '@exoarmur/contracts';
import { type SignerSet, verifyPolicyBundle } from '@exoarmur/policy';
import { createSqlitePolicyActivationStore } from '@exoarmur/store-sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readReason } from '../../reason.ts';
import { printable } from '../../terminal.ts';
import { addCellOptions, assertSigning, type CellOptions, findCell } from '../cell-place.ts';
import { warnOfNewCell } from '../log/cell-check.ts';
import { CLOCK, withLog } from '../log/log-store.ts';
import { addKeyringOptions, type KeyringOptions, readEnvelope, readKeyring } from './inputs.ts';

interface Options extends CellOptions, KeyringOptions {
  readonly bundle: string;
  readonly overrideBy?: string;
  readonly overrideReason?: string;
  readonly json?: boolean;
}

export function registerActivate(parent: Command, context: CommandContext): void {
  const command = addKeyringOptions(addCellOptions(parent.command('activate'), { isSigning: true }))
    .summary('put a policy bundle in force')
    .description(
      'Verify a bundle and put it in force for a tenant, on record. A refused one changes nothing but is recorded too.',
    )
    .requiredOption('--bundle <file>', 'signed policy bundle')
    .option('--override-by <id>', 'who states that an older version may come back; needs --override-reason')
    .option('--override-reason <text>', 'why, in one line', readReason)
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const envelope = readEnvelope(context.cwd, options.bundle);
      const place = findCell(options, context);
      assertSigning(place);
      const { cell, isDescribed } = place;
      const { holder, record, tenant } = await withLog(place, context, async (log, { store, tenant }) => {
        if (!isDescribed) await warnOfNewCell({ store, tenant, cell }, context.terminal);
        const keyring = readKeyring(context.cwd, tenant, options);
        const activations = createSqlitePolicyActivationStore(store, tenant, cell);
        const bundles = { tenant, cell, log, activations, keyring, clock: CLOCK };
        const override = readOverride(options, { envelope, tenant, keyring });
        return { tenant, ...(await activatePolicyBundle(bundles, envelope, override)) };
      });
      const bundle = holder.active()?.bundle;
      const name = `${bundle?.bundle_id}, version ${bundle?.version}, until ${bundle?.expires_at}`;
      context.terminal.out(
        options.json === true
          ? formatJson({ tenant, cell, activated: record !== null, record })
          : printable(`${record === null ? 'in force already' : 'in force'} in cell ${cell} of ${tenant}: ${name}\n`),
      );
    });
  addExamples(command, [
    [
      'policy activate --bundle bundle.json --signer policy.vkey --db log.db --key log.key --cell office',
      'the boundaries of the cell decide under it from now on',
    ],
    [
      'policy activate --bundle old.json --signer policy.vkey --override-by ann --override-reason "7 locks us out" --boundary boundary.json',
      'go back to an older version, on record',
    ],
  ]);
}

/** An override names one bundle by its digest, so that it is good for no other. */
function readOverride(
  { overrideBy, overrideReason }: Options,
  about: { readonly envelope: unknown; readonly tenant: string; readonly keyring: ReadonlyMap<string, SignerSet> },
): DowngradeOverride | undefined {
  if (overrideBy === undefined && overrideReason === undefined) return undefined;
  if (overrideBy === undefined || overrideReason === undefined) {
    throw new CliError('CLI_USAGE', 'an override needs both --override-by and --override-reason');
  }
  const verdict = verifyPolicyBundle(about.envelope, { ...about, now: CLOCK.now(), active: null });
  if (verdict.outcome === 'refused') return undefined;
  return { bundle_digest: verdict.bundleDigest, stated_by: overrideBy, reason: overrideReason };
}
