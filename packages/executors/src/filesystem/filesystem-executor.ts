import { randomUUID } from 'node:crypto';
import type {
  ActionClass,
  ActionIntent,
  EffectPreview,
  Executor,
  ExecutorManifest,
  ExecutorReport,
  JsonObject,
  TargetCheck,
} from '@exoarmur/contracts';
import { hashBytes, showBytes } from '../content.ts';
import { ExecutorError, type ExecutorErrorCode } from '../errors.ts';
import { enterDirectory } from './entered-directory.ts';
import { afterEffect, inspectFile, moveFile, readWholeFile, removeFile, replaceFile } from './file.ts';
import { previewFile } from './file-preview.ts';
import { parseLogicalPath } from './logical-path.ts';
import { type PinDirectory, type PinnedDirectory, pinDirectory } from './pinned-directory.ts';
import { FILE_ACTIONS, type FileDestination, type FileRequest, MAX_FILE_BYTES, parseFileRequest } from './request.ts';
import { type FileOperation, type FilesystemRoot, type OpenedRoot, parseRoots } from './root.ts';

/**
 * An executor that reads, writes and deletes regular files below the given roots and nowhere else. Targets are logical
 * paths; real directories appear in no answer and no record. It follows no link, touches no file with a second name, and
 * reports what it observed after the act. @throws ExecutorError EXECUTOR_CONFIG_INVALID, EXECUTOR_TARGET_MALFORMED
 */
export function createFilesystemExecutor(options: FilesystemExecutorOptions): Executor {
  return createExecutor(options, pinDirectory);
}

/**
 * The same for a process that does one thing at a time and is confined to the roots: it holds a directory by being in it. Hosted by
 * `hostFilesystemExecutor`. @throws ExecutorError as `createFilesystemExecutor`
 */
export function createEnteringExecutor(options: FilesystemExecutorOptions): Executor {
  return createExecutor(options, enterDirectory);
}

/** What a filesystem executor is made of. */
export interface FilesystemExecutorOptions {
  readonly roots: readonly FilesystemRoot[];
}

/** The roots, and how a directory below one of them is reached. */
interface Parts {
  readonly roots: readonly OpenedRoot[];
  readonly pin: PinDirectory;
}

/** @throws ExecutorError as `createFilesystemExecutor` */
export function createExecutor(options: FilesystemExecutorOptions, pin: PinDirectory): Executor {
  const parts: Parts = { roots: parseRoots(options.roots), pin };
  return {
    manifest: createManifest(parts.roots),
    validateTarget: (intent) => validateTarget(intent, parts),
    preview: (intent) => preview(intent, parts),
    execute: (intent, { signal }) => execute(intent, parts, signal),
  };
}

/** How far each operation reaches at least: what was deleted or replaced is gone, what was written can be seen. */
const CLASS_FLOORS: { readonly [Operation in FileOperation]: ActionClass } = {
  read: 'A0_observe',
  write: 'A2_hard_containment',
  delete: 'A3_irreversible',
  move: 'A2_hard_containment',
};

function createManifest(roots: readonly OpenedRoot[]): ExecutorManifest {
  const capabilities = roots.flatMap(({ logical, operations }) =>
    [...operations].map((operation) => `fs.${operation}:${logical.text}`),
  );
  return {
    name: 'filesystem',
    version: '0.1.0',
    action_types: [...FILE_ACTIONS.keys()].sort(),
    target_kinds: ['file'],
    capabilities: capabilities.sort(),
    action_class_floors: Object.fromEntries(
      [...FILE_ACTIONS].map(([actionType, operation]) => [actionType, CLASS_FLOORS[operation]]),
    ),
  };
}

async function validateTarget(intent: ActionIntent, { roots, pin }: Parts): Promise<TargetCheck> {
  try {
    const request = parseFileRequest(intent, roots);
    const found = await withDirectory(request, pin, (directory) => checkBefore(request, directory));
    const evidence = {
      operation: request.operation,
      path: request.path.text,
      exists: found !== undefined,
      bytes: found?.bytes ?? null,
    };
    return { result: 'valid', reason: 'the target is a file below a root of this executor', evidence };
  } catch (error) {
    if (!(error instanceof ExecutorError)) throw error;
    return { result: verdictOf(error.code), reason: error.message, evidence: { code: error.code } };
  }
}

/** What would be there afterwards, as a diff. @throws ExecutorError as `execute` would fail */
async function preview(intent: ActionIntent, { roots, pin }: Parts): Promise<EffectPreview> {
  const request = parseFileRequest(intent, roots);
  return withDirectory(request, pin, async (directory) => {
    const found = await checkBefore(request, directory);
    const isRead = found !== undefined && found.bytes <= MAX_FILE_BYTES;
    const before = isRead ? await readWholeFile(directory, request.name, MAX_FILE_BYTES) : undefined;
    return previewFile(request, { bytes: found?.bytes ?? 0, content: before });
  });
}

async function execute(intent: ActionIntent, { roots, pin }: Parts, signal: AbortSignal): Promise<ExecutorReport> {
  try {
    const request = parseFileRequest(intent, roots);
    return await withDirectory(request, pin, async (directory) => {
      await checkBefore(request, directory);
      if (signal.aborted) throw new ExecutorError('EXECUTOR_ABORTED', 'stopped before the file was touched');
      return perform(request, directory, pin);
    });
  } catch (error) {
    // Anything else may have happened half way: it is thrown on, and the boundary calls the outcome ambiguous.
    if (!(error instanceof ExecutorError)) throw error;
    return { success: false, error_code: error.code, claimed: {}, observed: {} };
  }
}

async function perform(request: FileRequest, directory: PinnedDirectory, pin: PinDirectory): Promise<ExecutorReport> {
  const { operation, path, name, content } = request;
  const target = { operation, path: path.text };
  switch (operation) {
    case 'read': {
      const bytes = await readWholeFile(directory, name, MAX_FILE_BYTES);
      const claimed = { ...target, bytes: bytes.length, ...showBytes('content', bytes) };
      return { success: true, error_code: null, claimed, observed: { sha256: hashBytes(bytes) } };
    }
    case 'write': {
      const bytes = content ?? new Uint8Array();
      await replaceFile(directory, name, bytes);
      const sha256 = hashBytes(bytes);
      const written = await afterEffect(() => readWholeFile(directory, name, MAX_FILE_BYTES));
      const observed = { sha256: hashBytes(written) };
      return report({ ...target, bytes: bytes.length, sha256 }, observed, observed.sha256 === sha256);
    }
    case 'move':
      return moveTo(request, { directory, pin }, request.destination as FileDestination, target);
    case 'delete': {
      const { logical, trash } = request.root;
      if (trash !== null) {
        const kept = `${randomUUID()}-${name}`.slice(0, 255);
        const place = parseLogicalPath(`${logical.text === '/' ? '' : logical.text}/${trash}/${kept}`);
        const to = { path: place, directories: [trash], name: kept };
        const moved = await moveTo(request, { directory, pin }, to, target);
        return { ...moved, claimed: { ...target, deleted: true, trashed_as: place.text } };
      }
      await removeFile(directory, name);
      const exists = (await afterEffect(() => inspectFile(directory, name))) !== undefined;
      return report({ ...target, deleted: true }, { exists }, !exists);
    }
  }
}

/** Moves the file below its root, and looks at both places afterwards. */
async function moveTo(
  { root, name }: FileRequest,
  { directory, pin }: { readonly directory: PinnedDirectory; readonly pin: PinDirectory },
  destination: FileDestination,
  target: JsonObject,
): Promise<ExecutorReport> {
  const other = await pin(root, destination.directories);
  try {
    await moveFile({ directory, name }, { directory: other, name: destination.name });
    const [remains, arrived] = await afterEffect(
      async () =>
        [(await inspectFile(directory, name)) !== undefined, await inspectFile(other, destination.name)] as const,
    );
    const observed = { exists: remains, arrived: arrived !== undefined, bytes: arrived?.bytes ?? null };
    return report({ ...target, to: destination.path.text }, observed, !remains && arrived !== undefined);
  } finally {
    await other.close();
  }
}

function report(claimed: JsonObject, observed: JsonObject, holds: boolean): ExecutorReport {
  return { success: holds, error_code: holds ? null : 'EXECUTOR_POSTCONDITION_FAILED', claimed, observed };
}

/** What must hold before the act; asked when the target is validated and again at the act itself. */
async function checkBefore(request: FileRequest, directory: PinnedDirectory) {
  const found = await inspectFile(directory, request.name);
  if (found === undefined && request.operation !== 'write') {
    throw new ExecutorError('EXECUTOR_TARGET_NOT_FOUND', 'the file does not exist', { pointer: '/target' });
  }
  if (found !== undefined && request.operation === 'write' && !request.mayReplace) {
    throw new ExecutorError('EXECUTOR_TARGET_EXISTS', 'the file exists and replace is not set', { pointer: '/target' });
  }
  if (found !== undefined && request.operation === 'read' && found.bytes > MAX_FILE_BYTES) {
    throw new ExecutorError('EXECUTOR_TARGET_TOO_LARGE', `the file has more than ${MAX_FILE_BYTES} bytes`);
  }
  return found;
}

async function withDirectory<Value>(
  request: FileRequest,
  pin: PinDirectory,
  use: (directory: PinnedDirectory) => Promise<Value>,
): Promise<Value> {
  const directory = await pin(request.root, request.directories);
  try {
    return await use(directory);
  } finally {
    await directory.close();
  }
}

function verdictOf(code: ExecutorErrorCode): TargetCheck['result'] {
  switch (code) {
    case 'EXECUTOR_ACTION_UNSUPPORTED':
      return 'unsupported';
    case 'EXECUTOR_OPERATION_NOT_ALLOWED':
    case 'EXECUTOR_TARGET_OUTSIDE_ROOTS':
    case 'EXECUTOR_TARGET_TOO_LARGE':
      return 'violates_constraints';
    default:
      return 'invalid';
  }
}
