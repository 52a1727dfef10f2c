import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { signStandingGrant } from '@exoarmur/boundary-v2';
import { createSigner, formatTime, type NamedSigner } from '@exoarmur/canonical';
import { type Digest, digestSchema, quoteForMessage } from '@exoarmur/contracts';
import { type Boundary, configOf, createBoundary } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { visible } from '../approvals/request-text.ts';
import { addBoundaryOption, type BoundaryOption, describeBoundary } from '../boundary-option.ts';
import { findOperator } from '../operator-of-key.ts';
import { readTerms } from './grant-terms.ts';

interface Options extends BoundaryOption {
  readonly key: string;
  readonly json?: true;
}

/** `grants add`, `grants revoke`: both on record, so the boundary is started for them and needs its key. */
export function registerChanges(parent: Command, context: CommandContext): void {
  const add = addBoundaryOption(parent.command('add'))
    .summary('agree to something in advance')
    .description(
      'Sign terms with your own key and have the boundary take them in, on record. They stand for your approval where the\n' +
        'policies ask one person, under the policies in force now, and for nothing else.',
    )
    .argument('<file>', 'terms, as `grants draft` prints them')
    .requiredOption('--key <file>', 'your own key file')
    .option('--json', 'print one JSON object')
    .action((file: string, options: Options) => addGrant(file, options, context));
  addExamples(add, [['grants add terms.json --key alice.key', 'so often, until then, without being asked']]);

  const revoke = addBoundaryOption(parent.command('revoke'))
    .summary('take a standing grant back')
    .description('Revoke a standing grant for good, on record. It does not matter whose it is.')
    .argument('<digest>', 'digest of the standing grant, as `grants list` shows it')
    .requiredOption('--key <file>', 'your own key file, which says who you are')
    .option('--json', 'print one JSON object')
    .action((digest: string, options: Options) => revokeGrant(digest, options, context));
  addExamples(revoke, [['grants revoke sha256:... --key alice.key', 'ask again from now on']]);
}

async function addGrant(file: string, options: Options, context: CommandContext): Promise<void> {
  const terms = readTerms(file, context);
  await withOperator(options, context, async (boundary, operatorId, signer) => {
    const now = formatTime(Date.now());
    const { tenant: tenant_id, cell: cell_id, policyDigest: policy_digest } = boundary;
    const whose = { tenant_id, cell_id, policy_digest, granted_by: operatorId };
    const digest = await boundary.addStandingGrant(
      signStandingGrant({
        grant: { ...terms, ...whose, not_before: terms.not_before ?? now },
        signer,
        random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      }),
    );
    const text = `Agreed in advance by ${visible(operatorId)}: ${digest}\n`;
    context.terminal.out(options.json === true ? formatJson({ digest, operator_id: operatorId }) : text);
  });
}

async function revokeGrant(digest: string, options: Options, context: CommandContext): Promise<void> {
  if (!digestSchema.safeParse(digest).success)
    throw new CliError('CLI_USAGE', `${quoteForMessage(digest)} is no digest`);
  await withOperator(options, context, async (boundary, operatorId) => {
    await boundary.revokeStandingGrant(digest as Digest, operatorId);
    const text = `Revoked by ${visible(operatorId)}: ${digest}\n`;
    context.terminal.out(options.json === true ? formatJson({ digest, operator_id: operatorId }) : text);
  });
}

/** Starts the described boundary for somebody who is an operator of it. @throws SdkError SDK_ANSWER_REFUSED, as createBoundary */
async function withOperator(
  options: Options,
  context: CommandContext,
  action: (boundary: Boundary, operatorId: string, signer: NamedSigner) => Promise<void>,
): Promise<void> {
  const { file, path, store } = describeBoundary(options, context);
  const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
  const signer = createSigner(name, seed);
  const boundary = await createBoundary({ ...configOf(file, path), variables: { ...context.environment } });
  try {
    await action(boundary, await findOperator(store.path, file.tenant, signer.vkey), signer);
  } finally {
    await boundary.close();
  }
}
