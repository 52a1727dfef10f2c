import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import { ExecutorError } from '../errors.ts';
import { assertListed, type PinnedDirectory } from './pinned-directory.ts';

/** What is known of a regular file with exactly one name. */
export interface FileFacts {
  readonly bytes: number;
}

/**
 * Looks at one entry without following links: undefined when there is none.
 * @throws ExecutorError EXECUTOR_TARGET_IS_LINK, EXECUTOR_TARGET_NOT_A_FILE, EXECUTOR_TARGET_HARD_LINKED (a second name may
 * lie outside the roots), EXECUTOR_TARGET_RENAMED
 */
export async function inspectFile(directory: PinnedDirectory, name: string): Promise<FileFacts | undefined> {
  await directory.enter();
  const path = directory.entry(name);
  let stats: Awaited<ReturnType<typeof lstat>>;
  try {
    stats = await lstat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ExecutorError('EXECUTOR_IO_FAILED', `${quoteForMessage(name)} cannot be looked at`, { cause });
  }
  if (stats.isSymbolicLink()) throw refuse('EXECUTOR_TARGET_IS_LINK', name, 'is a symbolic link');
  if (!stats.isFile()) throw refuse('EXECUTOR_TARGET_NOT_A_FILE', name, 'is not a regular file');
  if (stats.nlink !== 1) throw refuse('EXECUTOR_TARGET_HARD_LINKED', name, 'has more than one name');
  await assertListed(dirname(path), name);
  return { bytes: stats.size };
}

/** Reads a whole file of at most `maxBytes`. @throws ExecutorError as {@link inspectFile}, EXECUTOR_TARGET_TOO_LARGE */
export async function readWholeFile(directory: PinnedDirectory, name: string, maxBytes: number): Promise<Uint8Array> {
  await directory.enter();
  const handle = await openFile(directory, name);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw refuse('EXECUTOR_TARGET_NOT_A_FILE', name, 'is not a regular file');
    if (stats.nlink !== 1) throw refuse('EXECUTOR_TARGET_HARD_LINKED', name, 'has more than one name');
    if (stats.size > maxBytes) throw refuse('EXECUTOR_TARGET_TOO_LARGE', name, `has more than ${maxBytes} bytes`);
    // One byte more than allowed is asked for, because a file may grow while it is read.
    const buffer = new Uint8Array(maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxBytes) throw refuse('EXECUTOR_TARGET_TOO_LARGE', name, `has more than ${maxBytes} bytes`);
    return buffer.slice(0, length);
  } finally {
    await handle.close();
  }
}

/** Replaces or creates a file in one step: a new file is written, made durable and renamed over the name. */
export async function replaceFile(directory: PinnedDirectory, name: string, content: Uint8Array): Promise<void> {
  const temporary = `.exoarmur-${randomUUID()}`;
  // O_SYNC: what was written is durable, also where a confined process may not ask for that afterwards.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_SYNC;
  await directory.enter();
  const handle = await open(directory.entry(temporary), flags, 0o600);
  try {
    await handle.writeFile(content);
    await handle.close();
    await rename(directory.entry(temporary), directory.entry(name));
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(directory.entry(temporary)).catch(() => undefined);
    throw error;
  }
  await directory.sync();
}

/** Removes the entry; never what a link points to. */
export async function removeFile(directory: PinnedDirectory, name: string): Promise<void> {
  await directory.enter();
  await unlink(directory.entry(name));
  await directory.sync();
}

/**
 * Moves an entry to a name that is free. A second name is made and the first one taken away, because a rename would replace
 * what came to the second name meanwhile. @throws ExecutorError EXECUTOR_TARGET_EXISTS, EXECUTOR_OPERATION_NOT_ALLOWED for another file system
 */
export async function moveFile(from: FilePlace, to: FilePlace): Promise<void> {
  try {
    await from.directory.enter();
    const above = from.directory.rootEntry(`.exoarmur-${randomUUID()}`);
    if (above === null) await link(from.directory.entry(from.name), to.directory.entry(to.name));
    else await linkThroughRoot(from, to, above);
  } catch (cause) {
    if (cause instanceof ExecutorError || cause instanceof EffectInDoubt) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const pointer = '/parameters/to';
    if (code === 'EEXIST') throw new ExecutorError('EXECUTOR_TARGET_EXISTS', 'there is something already', { pointer });
    if (code === 'EXDEV') {
      throw new ExecutorError('EXECUTOR_OPERATION_NOT_ALLOWED', 'it is another file system', { pointer });
    }
    throw new ExecutorError('EXECUTOR_IO_FAILED', 'the file cannot be given its new name', { cause });
  }
  await afterEffect(async () => {
    await to.directory.sync();
    await from.directory.enter();
    await unlink(from.directory.entry(from.name));
    await from.directory.sync();
  });
}

/** A file by the directory that holds it. */
export interface FilePlace {
  readonly directory: PinnedDirectory;
  readonly name: string;
}

/** Something was changed already, and then a step failed: no refusal, because it is not known what came of it. */
export class EffectInDoubt extends Error {}

/** Does what follows a change. @throws EffectInDoubt, whatever fails */
export async function afterEffect<Value>(step: () => Promise<Value>): Promise<Value> {
  try {
    return await step();
  } catch (cause) {
    throw new EffectInDoubt('a step after the effect failed', { cause });
  }
}

/**
 * Gives a file its new name by way of a name in the root, for a process that can be in one directory at a time: upwards there are
 * no links that could lead elsewhere.
 */
async function linkThroughRoot(from: FilePlace, to: FilePlace, above: string): Promise<void> {
  await link(from.directory.entry(from.name), above);
  const takeAway = async () => {
    await from.directory.enter();
    await unlink(above);
  };
  try {
    await to.directory.enter();
    await link(to.directory.rootEntry(basename(above)) as string, to.directory.entry(to.name));
  } catch (error) {
    await afterEffect(takeAway);
    throw error;
  }
  await afterEffect(takeAway);
}

async function openFile(directory: PinnedDirectory, name: string): Promise<FileHandle> {
  try {
    // O_NONBLOCK: opening a pipe swapped in for the file must not hang.
    return await open(directory.entry(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw refuse('EXECUTOR_TARGET_NOT_FOUND', name, 'does not exist');
    if (code === 'ELOOP') throw refuse('EXECUTOR_TARGET_IS_LINK', name, 'is a symbolic link');
    throw new ExecutorError('EXECUTOR_IO_FAILED', `${quoteForMessage(name)} cannot be opened`, { cause });
  }
}

function refuse(
  code:
    | 'EXECUTOR_TARGET_IS_LINK'
    | 'EXECUTOR_TARGET_NOT_A_FILE'
    | 'EXECUTOR_TARGET_HARD_LINKED'
    | 'EXECUTOR_TARGET_TOO_LARGE'
    | 'EXECUTOR_TARGET_NOT_FOUND',
  name: string,
  problem: string,
): ExecutorError {
  return new ExecutorError(code, `${quoteForMessage(name)} ${problem}`, { pointer: '/target' });
}
