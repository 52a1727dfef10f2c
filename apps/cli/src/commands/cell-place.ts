import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { describeBoundary } from './boundary-option.ts';
import type { SigningOptions, StoreOptions } from './log/log-store.ts';

/** Where a cell is, as it was typed. */
export interface CellOptions {
  readonly boundary?: string;
  readonly db?: string;
  readonly tenant?: string;
  readonly cell?: string;
  readonly key?: string;
  readonly heads?: string;
}

/** Where it is, and how many operators it takes to clear a switch of it. */
export interface CellPlace extends StoreOptions {
  readonly cell: string;
  /** Whether the file of the boundary names the cell; else somebody typed it. */
  readonly isDescribed: boolean;
  readonly key: string | undefined;
  readonly clearThreshold: number;
}

/** Adds `--boundary`, or what stands in its place. */
export function addCellOptions(command: Command, { isSigning }: { readonly isSigning: boolean }): Command {
  const places = ['db', 'tenant', 'cell', ...(isSigning ? ['key', 'heads'] : [])];
  command
    .addOption(
      new Option('--boundary <file>', 'file that describes the boundary, which says all of the following').conflicts(
        places,
      ),
    )
    .option('--db <file>', 'database of the log')
    .option('--tenant <name>', 'tenant; not needed when the log has one only')
    .option('--cell <name>', 'name of the cell');
  if (!isSigning) return command;
  return command
    .option('--key <file>', 'key file of the log, named like its origin')
    .option('--heads <folder>', 'folder of the head files (default: `<db>.heads`)');
}

/**
 * Reads where a cell is. Without the file of the boundary nobody says how many it takes to clear a switch: then one is
 * enough to have it taken in, and the boundary itself counts again. @throws CliError CLI_USAGE; SdkError as describeBoundary
 */
export function findCell(options: CellOptions, context: CommandContext): CellPlace {
  const { boundary, db, key, cell, tenant, heads } = options;
  if (boundary === undefined) {
    if (db === undefined) throw new CliError('CLI_USAGE', 'say which log: --boundary, or --db');
    if (cell === undefined) throw new CliError('CLI_USAGE', 'say which cell: --boundary, or --cell');
    const named = { ...(tenant === undefined ? {} : { tenant }), ...(heads === undefined ? {} : { heads }) };
    return { ...named, db, key, cell, isDescribed: false, clearThreshold: 1 };
  }
  const { file, path, store } = describeBoundary({ boundary }, context);
  return {
    ...{ db: store.path, tenant: file.tenant, cell: file.cell, key: resolve(dirname(path), file.key_file) },
    ...(store.heads === undefined ? {} : { heads: store.heads }),
    isDescribed: true,
    clearThreshold: file.switch_clear_threshold ?? 1,
  };
}

/** @throws CliError CLI_USAGE without the key of the log */
export function assertSigning(place: CellPlace): asserts place is CellPlace & SigningOptions {
  if (place.key === undefined) throw new CliError('CLI_USAGE', 'say with which key: --boundary, or --key');
}
