import { realpathSync } from 'node:fs';
import type { JsonObject } from '@exoarmur/contracts';
import { createEnteringExecutor, type FilesystemExecutorOptions } from '../filesystem/filesystem-executor.ts';
import { FILE_ACTIONS } from '../filesystem/request.ts';
import { listHostableCode } from './code.ts';
import type { HostableExecutor } from './hostable-executor.ts';

/**
 * The filesystem executor for a process of its own. Its roots are all that it is granted: those with nothing but `read` to read,
 * the others to write too. @throws ExecutorError as `createFilesystemExecutor`
 */
export function describeFilesystemExecutor(options: FilesystemExecutorOptions): HostableExecutor {
  const { manifest } = createEnteringExecutor(options);
  const roots = options.roots.map((root) => ({ ...root, real: realPathOf(root.real) }));
  const isObserved = ({ operations }: (typeof roots)[number]) => operations.every((operation) => operation === 'read');
  const pathsOf = (isRead: boolean) => roots.filter((root) => isObserved(root) === isRead).map(({ real }) => real);
  return {
    manifest,
    code: listHostableCode('filesystem', ['@exoarmur/contracts/errors', 'diff']),
    config: { roots } as unknown as JsonObject,
    read: [...new Set(pathsOf(true))],
    write: [...new Set(pathsOf(false))],
    observing: [...FILE_ACTIONS].filter(([, operation]) => operation === 'read').map(([actionType]) => actionType),
    hasScratch: false,
  };
}

/** Where a path leads now; one that is not there yet stays as it is. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
