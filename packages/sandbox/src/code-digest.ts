import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { digestValue } from '@exoarmur/canonical';
import type { Digest, JsonObject } from '@exoarmur/contracts';
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
  /** Absolute paths of folders, or of single files, it may read code from; the entry's own folder is not among them unless named. */
  readonly folders?: readonly string[];
  /**
   * Specifiers that stand for a file of the code, so that a dependency needs neither a folder `node_modules` nor its
   * `package.json`. With it every file of the code is an ES module, but those with the ending `.cjs`, and files of specifiers that say so.
   */
  readonly imports?: Readonly<Record<string, ImportedFile>>;
}

/** What a specifier stands for. */
export interface ImportedFile {
  /** Absolute path of the entry or of a file in one of the folders. */
  readonly path: string;
  readonly format: 'module' | 'commonjs';
}

/** Code with the digest it must have at every start. */
export interface PinnedCode extends ConfinedCode {
  readonly digest: Digest;
}

/**
 * Digest over every file of the code: its root (0 for the entry, then the folders in order), its path below the root with
 * `/` (empty for a root that is a file), and the SHA-256 of its bytes; then the specifiers with what they stand for. Links are not
 * followed and not allowed, because what they lead to could change.
 * @throws SandboxError SANDBOX_CODE_UNREADABLE
 */
export function digestCode({ entry, folders = [], imports = {} }: ConfinedCode): Digest {
  const files: JsonObject[] = [];
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
      const listed = statSync(base).isFile() ? [base] : listFiles(base);
      for (const file of listed) add(index + 1, relative(base, file).split(sep).join('/'), file);
    }
    const roots = [entry, ...folders].map((path) => realpathSync(path));
    for (const [specifier, { path, format }] of Object.entries(imports).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const file = realpathSync(path);
      const root = roots.findIndex((one) => isWithin(file, one));
      if (root < 0) throw unreadable('a specifier stands for a file outside of it');
      files.push({
        specifier,
        root,
        path: relative(roots[root] as string, file)
          .split(sep)
          .join('/'),
        format,
      });
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
