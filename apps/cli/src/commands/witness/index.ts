import { resolve } from 'node:path';
import { proveGrowth } from '@exoarmur/audit/inspection';
import { collectCosignatures, Witness } from '@exoarmur/audit/witness';
import { createSigner, decodeUtf8, formatVerifierKey, parseTrustPolicy, SIGNATURE_TYPES } from '@exoarmur/canonical';
import { openSqliteWitnessStore } from '@exoarmur/store-sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile, replaceFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { readKeyFile } from '../../key-file.ts';
import { printable } from '../../terminal.ts';
import { addStoreOptions, CLOCK, type StoreOptions, withStore } from '../log/log-store.ts';
import { parseCount } from '../log/read.ts';
import { submitOverHttp } from './http-transport.ts';
import { serveWitness } from './witness-server.ts';

const MAX_TRUST_BYTES = 1_000_000;

interface ServeOptions {
  readonly db: string;
  readonly key: string;
  readonly trust: string;
  readonly host: string;
  readonly port: number;
}

export function register(command: Command, context: CommandContext): void {
  const serve = command
    .command('serve')
    .summary('cosign the logs of a trust file')
    .description('Serve a C2SP tlog-witness: cosign a log only while it grows out of what was cosigned before.')
    .requiredOption('--db <file>', 'memory of the witness; a witness that loses it must be retired')
    .requiredOption('--key <file>', 'key file of the witness')
    .requiredOption('--trust <file>', 'trust file that names the logs')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any', parseCount, 0)
    .action((options: ServeOptions) => runServe(options, context));
  addExamples(serve, [
    ['witness serve --db witness.db --key witness.key --trust logs.txt', 'watch the logs of others'],
  ]);

  const submit = addStoreOptions(command.command('submit'))
    .summary('have the latest checkpoint cosigned')
    .description('Submit the latest checkpoint of a log to every witness of a trust file.')
    .requiredOption('--trust <file>', 'trust file with witnesses, their addresses and a quorum')
    .option('--out <file>', 'write the cosigned checkpoint there instead of printing it')
    .action((options: StoreOptions & { trust: string; out?: string }) => runSubmit(options, context));
  addExamples(submit, [['witness submit --db log.db --trust witnesses.txt', 'collect the cosignatures of a quorum']]);
}

async function runServe(options: ServeOptions, context: CommandContext): Promise<void> {
  const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
  const signer = createSigner(name, seed);
  const { logs } = readTrust(options.trust, context);
  const store = openSqliteWitnessStore(resolve(context.cwd, options.db));
  const witness = new Witness({ store, signer, logs: logs.map(({ key }) => key), clock: CLOCK });
  const vkey = formatVerifierKey({ name, publicKey: signer.publicKey, type: SIGNATURE_TYPES.cosignature });
  await serveWitness(witness, options, (address) => {
    context.terminal.out(`Witness key: ${vkey}\nListening on: ${address}\n`);
  });
  await store.close();
}

async function runSubmit(
  options: StoreOptions & { readonly trust: string; readonly out?: string },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const policy = readTrust(options.trust, context);
  const result = await withStore(options, context, async (store, tenant) => {
    const latest = await store.latestNote(tenant);
    if (latest === null) throw new CliError('CLI_USAGE', 'log has no signed checkpoint yet');
    const proveConsistency = (from: number, to: number) => proveGrowth(store, tenant, { from, to });
    return collectCosignatures({ note: latest.note, policy, transport: submitOverHttp, proveConsistency });
  });
  for (const answer of result.answers) {
    const told = answer.outcome === 'cosigned' ? 'cosigned' : `refused ${answer.code} ${answer.status ?? ''}`.trim();
    terminal.err(`${printable(answer.witness)}: ${told}\n`);
  }
  if (options.out === undefined) terminal.out(printable(result.note));
  else replaceFile(resolve(context.cwd, options.out), new TextEncoder().encode(result.note));
  if (!result.isQuorumMet) {
    terminal.err('quorum not met\n');
    context.finish(EXIT_CODES.fail);
  }
}

function readTrust(file: string, context: CommandContext) {
  return parseTrustPolicy(decodeUtf8(readInputFile(resolve(context.cwd, file), MAX_TRUST_BYTES).bytes));
}
