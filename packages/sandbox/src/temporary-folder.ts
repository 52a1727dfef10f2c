import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the name of a temporary folder begins. */
export const FOLDER_PREFIX = 'exoarmur-confined-';

/** Makes a fresh folder that only this user can enter, and tells its real path. */
export function createFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), FOLDER_PREFIX)));
}

/** Whether the folder is gone. Never throws: what was done to it may not end this process. */
export function removeFolder(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    // Somebody still writes in it, or took the rights away from a folder in it.
    return false;
  }
}

/** Gives back the rights to the folders in a folder of a process that has ended: nobody confined can put a link in the place of one. */
export function openFolders(folder: string): void {
  try {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) openFolders(join(folder, entry.name));
    }
  } catch {
    // What cannot be opened stays.
  }
}
