export { ExecutorError, type ExecutorErrorCode } from './errors.ts';
export { createFilesystemExecutor } from './filesystem/filesystem-executor.ts';
export { LOGICAL_PATH_LIMITS, type LogicalPath, parseLogicalPath } from './filesystem/logical-path.ts';
export { MAX_FILE_BYTES } from './filesystem/request.ts';
export type { FileOperation, FilesystemRoot } from './filesystem/root.ts';
export { createTestExecutor, type TestExecutor } from './test-executor.ts';
