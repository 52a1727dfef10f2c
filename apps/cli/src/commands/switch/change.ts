import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  createSigner,
  type DsseEnvelope,
  encodeHex,
  formatTime,
  type NamedSigner,
  parseVerifierKey,
} from '@exoarmur/canonical';
import {
  actionClassSchema,
  isExoArmurError,
  type OperatorStore,
  quoteForMessage,
  type SwitchCommand,
  type SwitchCommandStore,
  type SwitchKind,
  switchCommandSchema,
} from '@exoarmur/contracts';
import { signSwitchCommand } from '@exoarmur/policy';
import { createSqliteOperatorStore, createSqliteSwitchCommandStore, type SqliteLogStore } from '@exoarmur/store-sqlite';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { readReason } from '../../reason.ts';
import { addCellOptions, type CellOptions, type CellPlace, findCell } from '../cell-place.ts';
import { assertCell } from '../log/cell-check.ts';
import { CLOCK, withStore } from '../log/log-store.ts';
import { formatObeyed, obeySigned } from './obey.ts';

/** How often a change is signed anew because another one was faster. */
const MAX_ATTEMPTS = 8;

interface Options extends CellOptions {
  readonly operatorKey: readonly string[];
  readonly reason: string;
  readonly global?: boolean;
  readonly wholeTenant?: boolean;
  readonly actor?: string;
  readonly class?: string;
  readonly signOnly?: true;
  readonly json?: boolean;
}

/** `switch set`, `switch clear`: one signed command, obeyed and recorded at once. */
export function registerChanges(parent: Command, context: CommandContext): void {
  const set = addChange(parent, context, 'set', 'engaged')
    .summary('stop everything, an actor or a class of action')
    .description(
      'Engage a switch by a signed command. It is kept first and recorded second; nothing it names runs from then on.',
    );
  addExamples(set, [
    [
      'switch set --global --reason "incident 7" --operator-key ann.key --db log.db --key log.key --cell office',
      'stop everything that is more than observation',
    ],
    [
      'switch set --actor build-bot --reason "odd deletions" --operator-key ann.key --boundary boundary.json',
      'freeze one actor, its reading too',
    ],
  ]);
  const clear = addChange(parent, context, 'clear', 'clear')
    .summary('let what was stopped go on')
    .description('Clear a switch by a signed command. It is recorded first and kept second.');
  addExamples(clear, [
    [
      'switch clear --global --reason "incident 7 is over" --operator-key bob.key --db log.db --key log.key --cell office',
      'take a stop back',
    ],
    [
      'switch clear --global --reason "incident 7 is over" --operator-key ann.key --operator-key bob.key --boundary boundary.json',
      'where it takes two',
    ],
  ]);
}

function addChange(parent: Command, context: CommandContext, name: string, state: SwitchCommand['state']): Command {
  const target = (flags: string, text: string, others: readonly string[]) =>
    new Option(flags, text).conflicts([...others]);
  return addCellOptions(parent.command(name), { isSigning: true })
    .addOption(target('--global', 'everything of the cell', ['wholeTenant', 'actor', 'class']))
    .addOption(target('--whole-tenant', 'everything of the tenant in the cell', ['global', 'actor', 'class']))
    .addOption(target('--actor <id>', 'one actor', ['global', 'wholeTenant', 'class']))
    .addOption(
      target('--class <name>', 'one class of action', ['global', 'wholeTenant', 'actor']).choices([
        ...actionClassSchema.options,
      ]),
    )
    .requiredOption(
      '--operator-key <file>',
      'key file of the operator who gives it; repeat it for more signatures',
      collect,
    )
    .requiredOption('--reason <text>', 'why, in one line', readReason)
    .option('--sign-only', 'print the signed command, for others to sign and `switch obey` to hand in; needs no --key')
    .option('--json', 'print one JSON object')
    .action((options: Options) => runChange(options, context, state));
}

async function runChange(options: Options, context: CommandContext, state: SwitchCommand['state']): Promise<void> {
  const place = findCell(options, context);
  const path = resolve(context.cwd, place.db);
  if (!existsSync(path)) {
    throw new CliError('CLI_INPUT_UNREADABLE', `cannot read ${quoteForMessage(path)}: no such file`);
  }
  const keys = options.operatorKey.map((file) => readKeyFile(resolve(context.cwd, file)));
  const signers = keys.map(({ name, seed }) => createSigner(name, seed));
  const sign = (store: SqliteLogStore, tenant: string) => signChange({ store, tenant, place, options, state, signers });
  if (options.signOnly === true) {
    const envelope = await withStore(place, context, async (store, tenant) => {
      if (!place.isDescribed) await assertCell({ store, tenant, cell: place.cell }, context.terminal);
      return sign(store, tenant);
    });
    return void context.terminal.out(formatJson(envelope));
  }
  const obeyed = await obeyInTurn(() => obeySigned(place, context, sign));
  context.terminal.out(formatObeyed(obeyed, options.json === true));
}

/** Somebody else's command may take the number of this one; a stop is not lost for that, it is signed anew. */
async function obeyInTurn(attempt: () => Promise<SwitchCommand>): Promise<SwitchCommand> {
  for (let left = MAX_ATTEMPTS; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 1 || !isExoArmurError(error) || error.code !== 'BOUNDARY_SWITCH_REPLAYED') throw error;
    }
  }
}

/** The signed command that was typed, with the number that comes next. @throws CliError CLI_USAGE */
async function signChange(change: {
  readonly store: SqliteLogStore;
  readonly tenant: string;
  readonly place: CellPlace;
  readonly options: Options;
  readonly state: SwitchCommand['state'];
  readonly signers: readonly NamedSigner[];
}): Promise<DsseEnvelope> {
  const { store, tenant, place, options, state, signers } = change;
  const { cell } = place;
  const parsed = switchCommandSchema.safeParse({
    schema: 'exoarmur.switch-command/1',
    ...{ tenant, cell, state, reason: options.reason },
    sequence: await nextSequence(createSqliteSwitchCommandStore(store, tenant, cell)),
    issued_by: await findIssuer(createSqliteOperatorStore(store, tenant), signers),
    issued_at: formatTime(CLOCK.now()),
    ...targetOf(options, tenant),
  });
  if (parsed.success) return signSwitchCommand(parsed.data, signers);
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  if (where === 'subject')
    throw new CliError('CLI_USAGE', `${quoteForMessage(options.actor ?? '')} is no name of an actor`);
  throw new CliError('CLI_USAGE', `no such command: ${where} has another shape`);
}

function targetOf(options: Options, tenant: string): { readonly switch: SwitchKind; readonly subject: string | null } {
  if (options.global === true) return { switch: 'global', subject: null };
  if (options.wholeTenant === true) return { switch: 'tenant', subject: tenant };
  if (options.actor !== undefined) return { switch: 'actor', subject: options.actor };
  if (options.class !== undefined) return { switch: 'action_class', subject: options.class };
  throw new CliError('CLI_USAGE', 'say what: --global, --whole-tenant, --actor or --class');
}

async function nextSequence(commands: SwitchCommandStore): Promise<number> {
  for (let last = 0; ; ) {
    const page = await commands.list({ after: last, limit: 1000 });
    const found = page.at(-1);
    if (found === undefined) return last + 1;
    last = found.sequence;
  }
}

/** The operator whose key signs first. One whom nobody knows is named so, and the command is refused on record. */
async function findIssuer(operators: OperatorStore, [signer]: readonly NamedSigner[]): Promise<string> {
  if (signer === undefined) throw new CliError('CLI_USAGE', 'no operator key');
  const known = await operators.findByKeyId(encodeHex(parseVerifierKey(signer.vkey).keyId));
  return known.find(({ vkey }) => vkey === signer.vkey)?.operatorId ?? 'unknown';
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
