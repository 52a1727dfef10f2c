import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { quoteForMessage } from '@exoarmur/contracts';
import { CliError } from './errors.ts';

/** Mode of a file that holds a secret. */
export const PRIVATE_MODE = 0o600;

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOTDIR':
      return 'a part of its path is not a folder';
    default:
      return code === '' ? 'unknown reason' : code;
  }
}

/** What a file says about itself when it is read. */
export interface InputFile {
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * Reads a regular file of at most `maxBytes`, opened once, so that size, mode and bytes are those of one file.
 * @throws CliError CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE
 */
export function readInputFile(path: string, maxBytes: number): InputFile {
  const unreadable = (why: string, cause?: unknown): CliError =>
    new CliError('CLI_INPUT_UNREADABLE', `cannot read ${quoteForMessage(path)}: ${why}`, { cause });
  let descriptor: number;
  try {
    // A FIFO must not block the command, a device must not be read.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw unreadable(reason(error), error);
  }
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw unreadable('it is a folder');
    if (!stat.isFile()) throw unreadable('it is not a regular file');
    const bytes = new Uint8Array(Math.min(stat.size, maxBytes) + 1);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    if (stat.size > maxBytes || length > maxBytes) {
      throw new CliError('CLI_INPUT_TOO_LARGE', `${quoteForMessage(path)} is larger than ${maxBytes} bytes`);
    }
    if (length > stat.size) throw unreadable('it grew while it was read');
    return { bytes: bytes.subarray(0, length), mode: stat.mode & 0o777 };
  } finally {
    closeSync(descriptor);
  }
}

function writeDurably(path: string, bytes: Uint8Array, mode: number): void {
  const descriptor = openSync(path, 'wx', mode);
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether a file can be created, as far as it can be known before: for an output that comes after something that cannot be
 * undone. @throws CliError CLI_OUTPUT_EXISTS, CLI_OUTPUT_UNWRITABLE
 */
export function assertCreatable(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw exists(path);
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Creates a file that only its owner may read. An existing file is left alone.
 * @throws CliError CLI_OUTPUT_EXISTS, CLI_OUTPUT_UNWRITABLE
 */
export function createPrivateFile(path: string, bytes: Uint8Array): void {
  createFile(path, bytes, PRIVATE_MODE);
}

/**
 * Creates a file with a mode of its own. An existing file is left alone.
 * @throws CliError CLI_OUTPUT_EXISTS, CLI_OUTPUT_UNWRITABLE
 */
export function createFile(path: string, bytes: Uint8Array, mode = 0o644): void {
  try {
    writeDurably(path, bytes, mode);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw exists(path, error);
    }
    throw unwritable(path, error);
  }
}

/**
 * Replaces a file in one step: a reader sees the old bytes or the new ones, never a part.
 * @throws CliError CLI_OUTPUT_UNWRITABLE
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    rmSync(temporary, { force: true });
    writeDurably(temporary, bytes, 0o644);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(path, error);
  }
}

function exists(path: string, cause?: unknown): CliError {
  const details = cause === undefined ? {} : { cause };
  return new CliError('CLI_OUTPUT_EXISTS', `${quoteForMessage(path)} exists and is not overwritten`, details);
}

function unwritable(path: string, cause: unknown): CliError {
  return new CliError('CLI_OUTPUT_UNWRITABLE', `cannot write ${quoteForMessage(path)}: ${reason(cause)}`, { cause });
}
