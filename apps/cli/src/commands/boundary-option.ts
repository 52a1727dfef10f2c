import { resolve } from 'node:path';
import { type BoundaryFile, readBoundaryFile, type StoreConfig, storeOf } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { assertNoOtherHead } from './log/head-folder.ts';

/** File that describes the boundary, unless another is named. */
export const DEFAULT_BOUNDARY = 'boundary.json';

/** Option of every command over a described boundary. */
export interface BoundaryOption {
  readonly boundary: string;
}

/** A boundary as its file describes it; nothing is opened yet. */
export interface DescribedBoundary {
  readonly path: string;
  readonly file: BoundaryFile;
  readonly store: StoreConfig;
}

/** Adds `--boundary`. */
export function addBoundaryOption(command: Command): Command {
  return command.option('--boundary <file>', 'file that describes the boundary', DEFAULT_BOUNDARY);
}

/** @throws SdkError SDK_FILE_UNREADABLE, SDK_CONFIG_INVALID with the place in the file; CliError CLI_HEADS_ELSEWHERE */
export function describeBoundary({ boundary }: BoundaryOption, context: CommandContext): DescribedBoundary {
  const path = resolve(context.cwd, boundary);
  const file = readBoundaryFile(path);
  const store = storeOf(file, path);
  if (store.heads === undefined) assertNoOtherHead(store.path, file.tenant);
  return { path, file, store };
}
