export { writeBundle } from './durable-file.ts';
export { createFileGrantStore } from './file-grant-store.ts';
