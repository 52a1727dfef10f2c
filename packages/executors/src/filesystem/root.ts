import { isAbsolute, resolve } from 'node:path';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import { ExecutorError } from '../errors.ts';
import { type LogicalPath, parseLogicalPath } from './logical-path.ts';

/** What the filesystem executor can do with one file. */
export type FileOperation = 'read' | 'write' | 'delete' | 'move';

/** One folder an operator opens: where policies see it, where it really is, and what may be done below it. */
export interface FilesystemRoot {
  /** Logical prefix, for example `/exports`. */
  readonly logical: string;
  /** Real directory. Never part of a record. */
  readonly real: string;
  readonly operations: readonly FileOperation[];
  /**
   * A folder right below the root, by its name, that takes what is deleted, so that a delete can be taken back by a move. It
   * has to be there; without it a delete is for good.
   */
  readonly trash?: string;
}

/** A root whose logical path is parsed and whose real directory is absolute. */
export interface OpenedRoot {
  readonly logical: LogicalPath;
  readonly real: string;
  readonly operations: ReadonlySet<FileOperation>;
  readonly trash: string | null;
}

const OPERATIONS: readonly FileOperation[] = ['read', 'write', 'delete', 'move'];

/** Checks the configured roots. @throws ExecutorError EXECUTOR_CONFIG_INVALID, also for two roots of one logical path. */
export function parseRoots(roots: readonly FilesystemRoot[]): readonly OpenedRoot[] {
  if (roots.length === 0) throw invalid('at least one root is needed', '/roots');
  const seen = new Set<string>();
  return roots.map((root, index) => {
    const pointer = `/roots/${index}`;
    const logical = parseLogicalPath(root.logical);
    if (seen.has(logical.text)) throw invalid(`root ${quoteForMessage(logical.text)} is named twice`, pointer);
    seen.add(logical.text);
    if (!isAbsolute(root.real)) throw invalid('the real directory of a root must be absolute', `${pointer}/real`);
    const unknown = root.operations.find((operation) => !OPERATIONS.includes(operation));
    if (unknown !== undefined) {
      throw invalid(`${quoteForMessage(String(unknown))} is not an operation`, `${pointer}/operations`);
    }
    const { trash } = root;
    if (trash !== undefined && parseLogicalPath(`/${trash}`).segments.length !== 1) {
      throw invalid('the trash is named by one segment', `${pointer}/trash`);
    }
    return { logical, real: resolve(root.real), operations: new Set(root.operations), trash: trash ?? null };
  });
}

/**
 * The root a path belongs to, the deepest where roots nest, and the segments below it. A root itself is no file.
 * @throws ExecutorError EXECUTOR_TARGET_OUTSIDE_ROOTS
 */
export function findRoot(
  roots: readonly OpenedRoot[],
  path: LogicalPath,
): { readonly root: OpenedRoot; readonly below: readonly [string, ...string[]] } {
  const holders = roots.filter(({ logical: { segments } }) => segments.every((name, i) => path.segments[i] === name));
  const root = holders.sort((a, b) => b.logical.segments.length - a.logical.segments.length)[0];
  const [first, ...rest] = root === undefined ? [] : path.segments.slice(root.logical.segments.length);
  if (root === undefined || first === undefined) {
    throw new ExecutorError(
      'EXECUTOR_TARGET_OUTSIDE_ROOTS',
      `path ${quoteForMessage(path.text)} is below no root of this executor`,
      { pointer: '/target' },
    );
  }
  return { root, below: [first, ...rest] };
}

function invalid(message: string, pointer: string): ExecutorError {
  return new ExecutorError('EXECUTOR_CONFIG_INVALID', message, { pointer });
}
