import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import { isExoArmurError, LogStoreError, quoteForMessage, type RandomSource } from '@exoarmur/contracts';
import { openHeadFiles, openSqliteLogStore, type SqliteLogStore } from '@exoarmur/store-sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readKeyFile } from '../../key-file.ts';
import { assertNoOtherHead, headFolderOf } from './head-folder.ts';

/** Result code of SQLite (sqlite.org/rescode.html#notadb). */
const NOT_A_DATABASE = 26;

/** Options of every command over a log. */
export interface StoreOptions {
  readonly db: string;
  readonly tenant?: string;
  readonly heads?: string;
}

/** Options of the commands that append. */
export interface SigningOptions extends StoreOptions {
  readonly key: string;
  readonly cell: string;
}

/** Adds `--db` and `--tenant`. */
export function addStoreOptions(command: Command): Command {
  return command
    .requiredOption('--db <file>', 'database of the log')
    .option('--tenant <name>', 'tenant; not needed when the log has one only');
}

/** Adds what an appending command needs besides. */
export function addSigningOptions(command: Command): Command {
  return addStoreOptions(command)
    .requiredOption('--key <file>', 'key file of the log, named like its origin')
    .requiredOption('--cell <name>', 'name of the cell')
    .option('--heads <folder>', 'folder of the head files (default: `<db>.heads`)');
}

/** The folder of the head files, where a boundary has it unless told. @throws CliError CLI_HEADS_ELSEWHERE */
export function findHeads(options: StoreOptions, context: CommandContext, tenant: string): string {
  if (options.heads !== undefined) return resolve(context.cwd, options.heads);
  const path = resolve(context.cwd, options.db);
  assertNoOtherHead(path, tenant);
  return headFolderOf(path);
}

/** Opens a database, creating it when it is not there. @throws LogStoreError */
function openDatabase(path: string): SqliteLogStore {
  try {
    return openSqliteLogStore({ path });
  } catch (error) {
    const { cause } = isExoArmurError(error) ? error : {};
    const isOther =
      typeof cause === 'object' && cause !== null && 'errcode' in cause && cause.errcode === NOT_A_DATABASE;
    if (!isOther) throw error;
    throw new LogStoreError('STORE_CORRUPT', `${quoteForMessage(path)} is no database`, { cause: error });
  }
}

/** Opens a log that is there, for the time of an action. @throws CliError CLI_INPUT_UNREADABLE, CLI_USAGE */
export async function withStore<T>(
  options: StoreOptions,
  context: CommandContext,
  action: (store: SqliteLogStore, tenant: string) => Promise<T>,
): Promise<T> {
  const path = resolve(context.cwd, options.db);
  if (!existsSync(path))
    throw new CliError('CLI_INPUT_UNREADABLE', `cannot read ${quoteForMessage(path)}: no such file`);
  const store = openDatabase(path);
  try {
    return await action(store, options.tenant ?? (await onlyTenant(store)));
  } finally {
    await store.close();
  }
}

/** What an appending command has beside the log. */
export interface OpenedLog {
  readonly store: SqliteLogStore;
  readonly tenant: string;
  readonly ingestKey: Uint8Array;
  readonly random: RandomSource;
}

/** Opens a log to append to it, creating it when it is not there. The tenant is the last part of the key's name. */
export async function withLog<T>(
  options: SigningOptions,
  context: CommandContext,
  action: (log: AuditLog, opened: OpenedLog) => Promise<T>,
): Promise<T> {
  const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
  const tenant = options.tenant ?? name.slice(name.lastIndexOf('/') + 1);
  const folder = findHeads(options, context, tenant);
  const store = openDatabase(resolve(context.cwd, options.db));
  const heads = openHeadFiles(folder);
  try {
    const log = createAuditLog({
      store,
      heads,
      signer: createSigner(name, seed),
      clock: CLOCK,
      random: RANDOM,
      tenant,
      cell: options.cell,
      origin: name,
    });
    const ingestKey = createHash('sha256').update('exoarmur.ingest-key/1\0').update(seed).digest();
    const result = await action(log, { store, tenant, ingestKey: new Uint8Array(ingestKey), random: RANDOM });
    await log.close();
    return result;
  } finally {
    await heads.close();
    await store.close();
  }
}

/** The machine's clock. */
export const CLOCK = { now: () => Date.now() };

const RANDOM = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };

async function onlyTenant(store: SqliteLogStore): Promise<string> {
  const [tenant, ...others] = await store.tenants();
  if (tenant === undefined) throw new CliError('CLI_USAGE', 'log has no record yet');
  if (others.length > 0) throw new CliError('CLI_USAGE', 'log has several tenants; name one with --tenant');
  return tenant;
}
