export { createFileGrantStore } from './file-grant-store.ts';
