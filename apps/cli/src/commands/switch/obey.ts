import { resolve } from 'node:path';
import { obeySwitchCommand } from '@exoarmur/boundary-v2';
import { createSigner, type DsseEnvelope, decodeBase64, parseJson, signEnvelope } from '@exoarmur/canonical';
import {
  dsseEnvelopeSchema,
  isExoArmurError,
  SWITCH_COMMAND_PAYLOAD_TYPE,
  type SwitchCommand,
} from '@exoarmur/contracts';
import { parseSwitchCommand } from '@exoarmur/policy';
import { createSqliteOperatorStore, createSqliteSwitchCommandStore, type SqliteLogStore } from '@exoarmur/store-sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { printable } from '../../terminal.ts';
import { addCellOptions, assertSigning, type CellOptions, type CellPlace, findCell } from '../cell-place.ts';
import { assertCell } from '../log/cell-check.ts';
import { CLOCK, withLog } from '../log/log-store.ts';
import { nameOf } from './list.ts';

const MAX_COMMAND_FILE_BYTES = 65_536;

interface CosignOptions {
  readonly operatorKey?: string;
}

interface ObeyOptions extends CellOptions {
  readonly json?: true;
}

/** `switch cosign`, `switch obey`: a command that several people sign, each where their key is. */
export function registerObeying(parent: Command, context: CommandContext): void {
  const cosign = parent
    .command('cosign')
    .summary('sign a command that somebody else has signed')
    .description(
      'Without a key, show what a signed command says. With one, print it with your signature beside the others; needs no\n' +
        'database and no network.',
    )
    .argument('<file>', 'signed command, as `--sign-only` prints it')
    .option('--operator-key <file>', 'your own key file')
    .action((file: string, { operatorKey }: CosignOptions) => {
      const { envelope, command } = readCommand(file, context);
      if (operatorKey === undefined) return context.terminal.out(printable(formatCommand(command)));
      const { name, seed } = readKeyFile(resolve(context.cwd, operatorKey));
      const payload = decodeBase64(envelope.payload);
      const own = signEnvelope({
        payloadType: SWITCH_COMMAND_PAYLOAD_TYPE,
        payload,
        signers: [createSigner(name, seed)],
      });
      context.terminal.out(formatJson({ ...envelope, signatures: [...envelope.signatures, ...own.signatures] }));
    });
  addExamples(cosign, [
    ['switch cosign command.json', 'read what you are asked to sign'],
    ['switch cosign command.json --operator-key bob.key > both.json', 'sign it too'],
  ]);

  const obey = addCellOptions(parent.command('obey'), { isSigning: true })
    .summary('hand in a command that was signed elsewhere')
    .description('Obey a signed command, or refuse it, on record. Another one that was obeyed meanwhile makes it void.')
    .argument('<file>', 'signed command')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: ObeyOptions) => {
      const { envelope } = readCommand(file, context);
      const obeyed = await obeySigned(findCell(options, context), context, async () => envelope);
      context.terminal.out(formatObeyed(obeyed, options.json === true));
    });
  addExamples(obey, [['switch obey both.json --boundary boundary.json', 'where the boundary is']]);
}

/**
 * Has the boundary obey a signed command. @throws BoundaryError as obeySwitchCommand; CliError CLI_USAGE without the key of the
 * log, CLI_CELL_UNKNOWN
 */
export function obeySigned(
  place: CellPlace,
  context: CommandContext,
  sign: (store: SqliteLogStore, tenant: string) => Promise<DsseEnvelope>,
): Promise<SwitchCommand> {
  assertSigning(place);
  const { cell, clearThreshold, isDescribed } = place;
  return withLog(place, context, async (log, { store, tenant }) => {
    if (!isDescribed) await assertCell({ store, tenant, cell }, context.terminal);
    const commands = createSqliteSwitchCommandStore(store, tenant, cell);
    const operators = createSqliteOperatorStore(store, tenant);
    const threshold = { engaged: 1, clear: clearThreshold };
    return obeySwitchCommand(
      { tenant, cell, log, commands, operators, clock: CLOCK, threshold },
      await sign(store, tenant),
    );
  });
}

/** A command that is obeyed from now on. */
export function formatObeyed(command: SwitchCommand, isJson: boolean): string {
  const { tenant, cell, state, subject, sequence, issued_by } = command;
  if (isJson) return formatJson({ tenant, cell, state, switch: command.switch, subject, sequence, issued_by });
  return printable(`${state}: ${nameOf(command)} in cell ${cell} of ${tenant}, by ${issued_by}, command ${sequence}\n`);
}

function formatCommand(command: SwitchCommand): string {
  const { tenant, cell, state, reason, issued_by, issued_at, sequence } = command;
  return [
    `${state}: ${nameOf(command)} in cell ${cell} of ${tenant}`,
    `by ${issued_by} at ${issued_at}, command ${sequence}`,
    `reason: ${reason}\n`,
  ].join('\n');
}

/** Whose signatures they are is for the boundary to say. @throws CliError CLI_SWITCH_COMMAND_MALFORMED */
function readCommand(file: string, { cwd }: CommandContext) {
  const { bytes } = readInputFile(resolve(cwd, file), MAX_COMMAND_FILE_BYTES);
  try {
    const parsed = dsseEnvelopeSchema.safeParse(parseJson(bytes, { maxBytes: MAX_COMMAND_FILE_BYTES }));
    if (parsed.success && parsed.data.payloadType === SWITCH_COMMAND_PAYLOAD_TYPE) {
      return { envelope: parsed.data, command: parseSwitchCommand(decodeBase64(parsed.data.payload)) };
    }
  } catch (cause) {
    if (!isExoArmurError(cause)) throw cause;
    throw new CliError('CLI_SWITCH_COMMAND_MALFORMED', 'that is no signed switch command', { cause });
  }
  throw new CliError('CLI_SWITCH_COMMAND_MALFORMED', 'that is no signed switch command');
}
