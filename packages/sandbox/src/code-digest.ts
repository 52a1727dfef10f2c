import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { digestValue } from '@exoarmur/canonical';
import type { Digest } from '@exoarmur/contracts';
import { SandboxError } from './errors.ts';

/** Domain of the digest of confined code, over the canonical list of its files. */
export const CODE_DIGEST_DOMAIN = 'exoarmur.code/1';

/** Files one piece of code may have, and their bytes together. */
const MAX_FILES = 20_000;
const MAX_BYTES = 268_435_456;

/** The code of a confined process: the module that is started and the folders it may load more from. */
export interface ConfinedCode {
  /** Absolute path of an ES module. */
  readonly entry: string;
  /** Absolute paths of folders it may read code from; the entry's own folder is not among them unless named. */
  readonly folders?: readonly string[];
}

/** Code with the digest it must have at every start. */
export interface PinnedCode extends ConfinedCode {
  readonly digest: Digest;
}

/**
 * Digest over every file of the code: its root (0 for the entry, then the folders in order), its path below the root with
 * `/`, and the SHA-256 of its bytes. Links are not followed and not allowed, because what they lead to could change.
 * @throws SandboxError SANDBOX_CODE_UNREADABLE
 */
export function digestCode({ entry, folders = [] }: ConfinedCode): Digest {
  const files: { root: number; path: string; sha256: string }[] = [];
  let bytes = 0;
  const add = (root: number, path: string, file: string): void => {
    bytes += statSync(file).size;
    if (files.length >= MAX_FILES || bytes > MAX_BYTES) throw unreadable('there is more of it than is allowed');
    files.push({ root, path, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') });
  };
  try {
    add(0, '', realpathSync(entry));
    for (const [index, folder] of folders.entries()) {
      const base = realpathSync(folder);
      for (const file of listFiles(base)) add(index + 1, relative(base, file).split(sep).join('/'), file);
    }
  } catch (cause) {
    if (cause instanceof SandboxError) throw cause;
    throw unreadable(String((cause as NodeJS.ErrnoException).code ?? 'unknown'), cause);
  }
  return digestValue(CODE_DIGEST_DOMAIN, files);
}

/** Whether one path is the other or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  const rest = relative(resolve(folder), resolve(path));
  return rest === '' || (!rest.startsWith(`..${sep}`) && rest !== '..' && !isAbsolute(rest));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      if (!entry.isFile()) throw unreadable('it holds a link or a special file');
      return [path];
    });
}

function unreadable(reason: string, cause?: unknown): SandboxError {
  return new SandboxError('SANDBOX_CODE_UNREADABLE', `the code cannot be digested: ${reason}`, { cause });
}
