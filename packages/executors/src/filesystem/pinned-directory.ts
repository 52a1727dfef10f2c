import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import { ExecutorError } from '../errors.ts';
import type { OpenedRoot } from './root.ts';

/**
 * The directory a file lies in, reached without following a link. `entry(name)` is a path to use for one system call: on
 * Linux it goes through the held descriptor, so that nothing swapped in later on the way can redirect it; elsewhere it is
 * the checked real path, and a swap between check and use is only caught by the checks made again on the opened file.
 */
export interface PinnedDirectory {
  /** Makes paths of `entry` lead here; asked before they are used. */
  enter(): Promise<void>;
  entry(name: string): string;
  /** A path for an entry of the root of this directory, reached upwards; null where there is no need of one. */
  rootEntry(name: string): string | null;
  /** Makes changes of directory entries durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export const DIRECTORY_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** How a directory is reached and held. */
export type PinDirectory = (root: OpenedRoot, names: readonly string[]) => Promise<PinnedDirectory>;

/**
 * Walks from the real directory of `root` through `names`, opening each without following links and comparing what was
 * opened with what the name says. Creates nothing.
 * @throws ExecutorError EXECUTOR_ROOT_UNAVAILABLE, EXECUTOR_TARGET_NOT_FOUND, EXECUTOR_TARGET_IS_LINK, EXECUTOR_TARGET_RENAMED
 */
export async function pinDirectory(root: OpenedRoot, names: readonly string[]): Promise<PinnedDirectory> {
  let path: string;
  let handle: FileHandle;
  try {
    path = await realpath(root.real);
    handle = await open(path, DIRECTORY_FLAGS);
  } catch (cause) {
    throw rootUnavailable(root, cause);
  }
  try {
    for (const name of names) {
      const next = await openChild(entryPath(handle, path, name), name);
      const parent = handle;
      handle = next;
      try {
        await assertListed(entryPath(parent, path, '.'), name);
      } finally {
        await parent.close();
      }
      path = join(path, name);
      // Where there are no descriptor paths, a link swapped in above the one just opened shows here.
      if ((await realpath(path)) !== path) throw renamed(name);
      await assertSame(handle, path, name);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  const held = handle;
  return {
    enter: async () => undefined,
    entry: (name) => entryPath(held, path, name),
    rootEntry: () => null,
    sync: () => held.sync(),
    close: () => held.close(),
  };
}

/**
 * Holds off names that a file system folds (case, normalisation): the directory must list exactly this spelling, because
 * policies saw this one and no other. @throws ExecutorError EXECUTOR_TARGET_RENAMED
 */
export async function assertListed(directory: string, name: string): Promise<void> {
  if (!(await readdir(directory)).includes(name)) throw renamed(name);
}

function entryPath(handle: FileHandle, path: string, name: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name);
}

export function rootUnavailable({ logical }: OpenedRoot, cause: unknown): ExecutorError {
  const message = `root ${quoteForMessage(logical.text)} is not a directory`;
  return new ExecutorError('EXECUTOR_ROOT_UNAVAILABLE', message, { cause });
}

/** Opens a directory by a path that ends in its name. @throws ExecutorError as {@link pinDirectory} */
export async function openChild(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, DIRECTORY_FLAGS);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      throw new ExecutorError('EXECUTOR_TARGET_NOT_FOUND', `directory ${quoteForMessage(name)} does not exist`);
    }
    // With O_DIRECTORY and O_NOFOLLOW a link answers ENOTDIR or ELOOP, depending on the system.
    if (code === 'ELOOP' || code === 'ENOTDIR') {
      throw new ExecutorError('EXECUTOR_TARGET_IS_LINK', `${quoteForMessage(name)} is a link or not a directory`);
    }
    throw new ExecutorError('EXECUTOR_IO_FAILED', `directory ${quoteForMessage(name)} cannot be opened`, { cause });
  }
}

/** @throws ExecutorError EXECUTOR_TARGET_RENAMED */
export async function assertSame(handle: FileHandle, path: string, name: string): Promise<void> {
  const [held, named] = await Promise.all([handle.stat(), lstat(path)]);
  if (held.dev !== named.dev || held.ino !== named.ino) throw renamed(name);
}

/** The name does not lead where it did, or is spelt otherwise. */
export function renamed(name: string): ExecutorError {
  return new ExecutorError('EXECUTOR_TARGET_RENAMED', `${quoteForMessage(name)} is not the entry of exactly that name`);
}
