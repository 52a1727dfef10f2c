import { resolve } from 'node:path';
import { decodeUtf8 } from '@exoarmur/canonical';
import {
  type ActionClass,
  actionClassSchema,
  identifierSchema,
  type Operator,
  type OperatorStore,
  quoteForMessage,
} from '@exoarmur/contracts';
import { createSqliteOperatorStore, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { addBoundaryOption, type BoundaryOption, describeBoundary } from '../boundary-option.ts';

const MAX_KEY_BYTES = 512;

interface Common extends BoundaryOption {
  readonly json?: true;
}

interface AddOptions extends Common {
  readonly vkey: string;
  readonly role: readonly string[];
  readonly actor: readonly string[];
  readonly clearance?: ActionClass;
}

/** `operator add|list|revoke`: who may approve. It writes the database itself, so it is for whoever runs the boundary. */
export function register(command: Command, context: CommandContext): void {
  const add = addBoundaryOption(command.command('add'))
    .summary('register the key of a person')
    .description(
      'Register the public key of a person. A key belongs to one person for ever; a person may have several.',
    )
    .argument('<id>', 'name of the person')
    .requiredOption('--vkey <file>', 'file with the verifier key, as `keys show` prints it')
    .option('--role <name>', 'a role of the person; repeat it for more', collect, [])
    .addOption(
      new Option('--clearance <class>', 'greatest class of action; every class unless told').choices([
        ...actionClassSchema.options,
      ]),
    )
    .option('--actor <id>', 'an actor the person answers for, so cannot approve; repeat it for more', collect, [])
    .option('--json', 'print one JSON object')
    .action((id: string, options: AddOptions) => addOperator(id, options, context));
  addExamples(add, [
    ['operator add alice --vkey alice.vkey --role operator --clearance A2_hard_containment', 'let alice approve'],
  ]);

  const list = addBoundaryOption(command.command('list'))
    .summary('show who may approve')
    .description('Show every registered key, revoked ones too.')
    .option('--json', 'print one JSON object')
    .action((options: Common) =>
      withOperators(options, context, async (operators) => {
        const found = await operators.list();
        context.terminal.out(
          options.json === true
            ? formatJson({ operators: found.map(describe) })
            : printable(found.length === 0 ? 'Nobody may approve.\n' : found.map(formatLine).join('')),
        );
      }),
    );
  addExamples(list, [['operator list', 'who may approve, and up to which class']]);

  const revoke = addBoundaryOption(command.command('revoke'))
    .summary('take the right to approve away')
    .description('Revoke every key of a person, or one of them, for good. What waits on their approval is asked again.')
    .argument('<id>', 'name of the person')
    .option('--vkey <file>', 'only this key')
    .option('--json', 'print one JSON object')
    .action((id: string, options: Common & { readonly vkey?: string }) =>
      withOperators(options, context, async (operators) => {
        const vkey = options.vkey === undefined ? undefined : readVerifierKey(options.vkey, context);
        const revoked = await operators.revoke(id, vkey);
        // Nothing revoked means that somebody may still approve who was meant not to.
        if (revoked === 0) context.finish(EXIT_CODES.fail);
        const text = `Keys revoked: ${revoked}\n`;
        context.terminal.out(options.json === true ? formatJson({ operator_id: id, revoked }) : text);
      }),
    );
  addExamples(revoke, [
    ['operator revoke alice', 'every key of alice'],
    ['operator revoke alice --vkey lost.vkey', 'one lost key'],
  ]);
}

async function addOperator(id: string, options: AddOptions, context: CommandContext): Promise<void> {
  const wrong = [id, ...options.role, ...options.actor].find((name) => !identifierSchema.safeParse(name).success);
  if (wrong !== undefined) throw new CliError('CLI_USAGE', `${quoteForMessage(wrong)} is no name`);
  const operator: Operator = {
    operatorId: id,
    vkey: readVerifierKey(options.vkey, context),
    roles: [...new Set(options.role)].sort(),
    ...(options.clearance === undefined ? {} : { clearance: options.clearance }),
    ...(options.actor.length === 0 ? {} : { actorIds: [...new Set(options.actor)].sort() }),
    isRevoked: false,
  };
  await withOperators(options, context, async (operators) => {
    const result = await operators.add(operator);
    if (result !== 'added') context.finish(EXIT_CODES.fail);
    const text = result === 'added' ? `Added: ${formatLine(operator)}` : 'Not added: the key is registered already\n';
    context.terminal.out(options.json === true ? formatJson({ ...describe(operator), result }) : printable(text));
  });
}

/** Opens the registry, making the database when the boundary was never started. */
async function withOperators(
  options: BoundaryOption,
  context: CommandContext,
  action: (operators: OperatorStore) => Promise<void>,
): Promise<void> {
  const { store, file } = describeBoundary(options, context);
  const database = openSqliteLogStore({ path: store.path });
  try {
    await action(createSqliteOperatorStore(database, file.tenant));
  } finally {
    await database.close();
  }
}

function readVerifierKey(file: string, { cwd }: CommandContext): string {
  return decodeUtf8(readInputFile(resolve(cwd, file), MAX_KEY_BYTES).bytes).replace(/\r?\n$/, '');
}

function describe({ operatorId, vkey, roles, clearance, actorIds, isRevoked }: Operator) {
  return {
    ...{ operator_id: operatorId, vkey, roles, clearance: clearance ?? null },
    ...{ actor_ids: actorIds ?? [], revoked: isRevoked },
  };
}

function formatLine({ operatorId, vkey, roles, clearance, isRevoked }: Operator): string {
  const rights = `${roles.length === 0 ? 'no role' : roles.join(', ')}; up to ${clearance ?? 'every class'}`;
  return `${operatorId}  ${isRevoked ? 'revoked' : rights}  ${vkey}\n`;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
