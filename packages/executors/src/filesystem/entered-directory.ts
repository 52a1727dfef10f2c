import { type FileHandle, open, realpath } from 'node:fs/promises';
import {
  assertListed,
  assertSame,
  DIRECTORY_FLAGS,
  openChild,
  type PinnedDirectory,
  renamed,
  rootUnavailable,
} from './pinned-directory.ts';
import type { OpenedRoot } from './root.ts';

/**
 * Walks as `pinDirectory` does, and holds the directory by being in it: entries are relative paths, which the system resolves from the
 * directory itself, whatever is swapped in on the way to it. It needs no path but those below the root, so that a process can be
 * confined to it; and it moves the working directory of the whole process, so that one action at a time is all that it may do.
 * @throws ExecutorError as `pinDirectory`
 */
export async function enterDirectory(root: OpenedRoot, names: readonly string[]): Promise<PinnedDirectory> {
  let handle: FileHandle;
  try {
    process.chdir(await realpath(root.real));
    handle = await open('.', DIRECTORY_FLAGS);
  } catch (cause) {
    throw rootUnavailable(root, cause);
  }
  try {
    for (const name of names) {
      const next = await openChild(`./${name}`, name);
      await handle.close();
      handle = next;
      await assertListed('.', name);
      goTo(name, name);
      // What was opened without following a link is where this process is now.
      await assertSame(handle, '.', name);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  const held = handle;
  const path = process.cwd();
  const name = names.at(-1) ?? '/';
  return {
    enter: async () => {
      if (process.cwd() !== path) goTo(path, name);
      await assertSame(held, '.', name);
    },
    entry: (entry) => `./${entry}`,
    rootEntry: (entry) => `./${'../'.repeat(names.length)}${entry}`,
    sync: () => sync(held),
    close: () => held.close(),
  };
}

/** Changes the folder. Nothing was touched yet when that fails. @throws ExecutorError EXECUTOR_TARGET_RENAMED */
function goTo(path: string, name: string): void {
  try {
    process.chdir(path);
  } catch {
    // It was there a moment ago; now there is something else, or a link to where this process may not go.
    throw renamed(name);
  }
}

/** Node 26 refuses `fsync` to a confined process: then the entry is as durable as the file system makes it. */
async function sync(handle: FileHandle): Promise<void> {
  await handle.sync().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_ACCESS_DENIED') throw error;
  });
}
