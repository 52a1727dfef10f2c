import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import { malformed, readBytes } from '../content.ts';
import { ExecutorError } from '../errors.ts';
import { type LogicalPath, parseLogicalPath } from './logical-path.ts';
import { type FileOperation, findRoot, type OpenedRoot } from './root.ts';

/** Most bytes of one file that are read or written; the content travels inside a record's payload. */
export const MAX_FILE_BYTES = 1_048_576;

/** One file action, read from an intent. */
export interface FileRequest {
  readonly operation: FileOperation;
  readonly path: LogicalPath;
  readonly root: OpenedRoot;
  /** Directory names below the root, then the file's own name. */
  readonly directories: readonly string[];
  readonly name: string;
  /** What to write; null for other operations. */
  readonly content: Uint8Array | null;
  /** Whether a write may replace what is there. */
  readonly mayReplace: boolean;
  /** Where a move leads, below the same root; null for other operations. */
  readonly destination: FileDestination | null;
}

/** A place for a file below a root. */
export interface FileDestination {
  readonly path: LogicalPath;
  readonly directories: readonly string[];
  readonly name: string;
}

/** Action types of the filesystem executor and the operation each one asks for. */
export const FILE_ACTIONS: ReadonlyMap<string, FileOperation> = new Map([
  ['delete', 'delete'],
  ['file.delete', 'delete'],
  ['file.move', 'move'],
  ['file.read', 'read'],
  ['file.write', 'write'],
  ['move', 'move'],
  ['read', 'read'],
  ['write', 'write'],
]);

const PARAMETERS: { readonly [Operation in FileOperation]: readonly string[] } = {
  read: ['operation'],
  write: ['operation', 'content', 'content_base64', 'replace'],
  delete: ['operation'],
  move: ['operation', 'to'],
};

/**
 * Reads the file action out of an intent: `target` is the logical path; `parameters` may repeat the `operation`, and a
 * write takes `content` (text) or `content_base64`, and `replace: true` to overwrite; a move takes `to`, a logical path. An unknown parameter is refused,
 * because whoever set it expects something of it.
 * @throws ExecutorError EXECUTOR_ACTION_UNSUPPORTED, EXECUTOR_TARGET_MALFORMED, EXECUTOR_TARGET_OUTSIDE_ROOTS,
 * EXECUTOR_OPERATION_NOT_ALLOWED, EXECUTOR_PARAMETERS_MALFORMED, EXECUTOR_TARGET_TOO_LARGE
 */
export function parseFileRequest(intent: ActionIntent, roots: readonly OpenedRoot[]): FileRequest {
  const operation = FILE_ACTIONS.get(intent.action_type);
  if (operation === undefined) {
    throw new ExecutorError(
      'EXECUTOR_ACTION_UNSUPPORTED',
      `action type ${quoteForMessage(intent.action_type)} is not a file action`,
      { pointer: '/action_type' },
    );
  }
  const path = parseLogicalPath(intent.target);
  const { root, below } = findRoot(roots, path);
  if (!root.operations.has(operation)) {
    throw new ExecutorError(
      'EXECUTOR_OPERATION_NOT_ALLOWED',
      `${operation} is not allowed below ${quoteForMessage(root.logical.text)}`,
      { pointer: '/action_type' },
    );
  }
  const { parameters } = intent;
  for (const name of Object.keys(parameters)) {
    if (!PARAMETERS[operation].includes(name)) throw malformed(`parameter ${quoteForMessage(name)} is unknown`);
  }
  if (parameters.operation !== undefined && parameters.operation !== operation) {
    throw malformed(`parameter operation must be ${operation}`);
  }
  if (parameters.replace !== undefined && typeof parameters.replace !== 'boolean') {
    throw malformed('parameter replace must be a boolean');
  }
  return {
    operation,
    path,
    root,
    directories: below.slice(0, -1),
    name: below[below.length - 1] ?? below[0],
    content: operation === 'write' ? readContent(parameters) : null,
    mayReplace: parameters.replace === true,
    destination: operation === 'move' ? readDestination(parameters.to, root, roots) : null,
  };
}

/** SECURITY: a move inside of one root only: between two it would carry a file past the operations of one of them. */
function readDestination(to: unknown, root: OpenedRoot, roots: readonly OpenedRoot[]): FileDestination {
  if (typeof to !== 'string') throw malformed('a move needs parameter to, a path');
  const path = parseLogicalPath(to);
  const { root: other, below } = findRoot(roots, path);
  if (other !== root) {
    throw new ExecutorError('EXECUTOR_OPERATION_NOT_ALLOWED', 'a move does not lead to another root', {
      pointer: '/parameters/to',
    });
  }
  return { path, directories: below.slice(0, -1), name: below[below.length - 1] ?? below[0] };
}

function readContent(parameters: JsonObject): Uint8Array {
  const bytes = readBytes(parameters, 'content', MAX_FILE_BYTES);
  if (bytes === undefined) throw malformed('a write needs either content or content_base64');
  return bytes;
}
