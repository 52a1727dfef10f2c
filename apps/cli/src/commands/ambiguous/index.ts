import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { signResolution } from '@exoarmur/boundary-v2';
import { createSigner } from '@exoarmur/canonical';
import { type ResolutionFinding, resolutionFindingSchema } from '@exoarmur/contracts';
import { configOf, createBoundary, type RecordedAction, SdkError, type UnsoundAction } from '@exoarmur/sdk';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { readReason } from '../../reason.ts';
import { describeUnsound, tellUnsound, withDesk } from '../approvals/desk.ts';
import { visible } from '../approvals/request-text.ts';
import { addBoundaryOption, type BoundaryOption, describeBoundary } from '../boundary-option.ts';
import { findOperator } from '../operator-of-key.ts';

interface Common extends BoundaryOption {
  readonly json?: true;
}

interface ResolveOptions extends Common {
  readonly found: ResolutionFinding;
  readonly key: string;
  readonly reason: string;
}

/** `ambiguous list|resolve`: actions of which nobody knows whether they happened. */
export function register(command: Command, context: CommandContext): void {
  const list = addBoundaryOption(command.command('list'))
    .summary('actions with an unknown outcome')
    .description(
      'Show every action that was authorised, of which nobody knows whether it happened, and nobody has found out. What a\n' +
        'crash has just left open is among them after the next start of the boundary.',
    )
    .option('--json', 'print one JSON object')
    .action((options: Common) =>
      withDesk(options, context, async (desk) => {
        const unsound: UnsoundAction[] = [];
        const found = await desk.listAmbiguous((one) => unsound.push(one));
        const text = found.length + unsound.length === 0 ? 'Nothing is ambiguous.\n' : found.map(formatLine).join('');
        const shown = { ambiguous: found.map(describe), unsound: unsound.map(describeUnsound) };
        context.terminal.out(options.json === true ? formatJson(shown) : text);
        for (const one of unsound) tellUnsound(one, context);
      }),
    );
  addExamples(list, [['ambiguous list', 'what somebody has to look after']]);

  const settle = addBoundaryOption(command.command('resolve'))
    .summary('record what a person found out')
    .description(
      'Record under your signature what you found out about one action. Its outcome stays as it is and nothing is run; the\n' +
        'boundary is started for it, so it needs its key.',
    )
    .argument('<stream>', 'stream of the action')
    .addOption(
      new Option('--found <finding>', 'what you found out')
        .choices([...resolutionFindingSchema.options])
        .makeOptionMandatory(),
    )
    .requiredOption('--key <file>', 'your own key file')
    .requiredOption('--reason <text>', 'how you know, in one line', readReason)
    .option('--json', 'print one JSON object')
    .action((stream: string, options: ResolveOptions) => runResolve(stream, options, context));
  addExamples(settle, [
    ['ambiguous resolve delete-1 --found happened --key alice.key --reason "the file is gone"', 'settle one'],
  ]);
}

async function runResolve(stream: string, options: ResolveOptions, context: CommandContext): Promise<void> {
  const { file, path, store } = describeBoundary(options, context);
  const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
  const signer = createSigner(name, seed);
  const boundary = await createBoundary({ ...configOf(file, path), variables: { ...context.environment } });
  try {
    const found = await withDesk(options, context, (desk) =>
      desk.listAmbiguous((one) => {
        if (one.stream === stream) throw one.error;
      }),
    );
    const outcome = found.find((action) => action.stream === stream)?.outcome;
    if (outcome === undefined) throw new SdkError('SDK_STREAM_UNKNOWN', 'no action of this name is ambiguous');
    const envelope = signResolution({
      ...{ outcome, finding: options.found, reason: options.reason, signer },
      resolverId: await findOperator(store.path, file.tenant, signer.vkey, { isRevokedOne: true }),
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    });
    await boundary.resolve(stream, envelope);
  } finally {
    await boundary.close();
  }
  const shown = { stream, found: options.found };
  context.terminal.out(options.json === true ? formatJson(shown) : `Recorded: ${visible(stream)} ${options.found}\n`);
}

function describe({ stream, intent, outcome }: RecordedAction) {
  return { stream, intent: intent ?? null, outcome: outcome ?? null };
}

function formatLine({ stream, intent, outcome }: RecordedAction): string {
  const what = intent === undefined ? 'erased' : `${intent.action_type} ${intent.target}  by ${intent.actor_id}`;
  return `${visible(stream)}  ${visible(what)}  ${visible(outcome?.error_code ?? 'no outcome')}\n`;
}
