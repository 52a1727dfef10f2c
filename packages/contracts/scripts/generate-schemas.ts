// Writes spec/schemas from the zod schemas; with --check, compares instead and exits 1 on a difference.
// A V1 schema that differs from its lock is refused in both modes: V1 documents exist, and their meaning is fixed.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchemaDocuments, findLockViolations } from './schema-documents.ts';

const root = fileURLToPath(new URL('../../../spec/schemas/', import.meta.url));
const lockPath = join(root, 'v1.lock.json');
const files = buildSchemaDocuments();

const violations = existsSync(lockPath) ? findLockViolations(readFileSync(lockPath, 'utf8'), files) : [];
if (violations.length > 0) {
  console.error(`locked schemas would change: ${violations.join(', ')}`);
  process.exit(1);
}

const present = existsSync(root)
  ? readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/'))
  : [];
const stale = present.filter((path) => !files.has(path));
const changed = [...files].filter(
  ([path, text]) => !present.includes(path) || readFileSync(join(root, path), 'utf8') !== text,
);

if (process.argv.includes('--check')) {
  for (const path of [...stale, ...changed.map(([changedPath]) => changedPath)]) console.error(`out of date: ${path}`);
  process.exit(stale.length + changed.length > 0 ? 1 : 0);
}
for (const path of stale) rmSync(join(root, path));
for (const [path, text] of changed) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
console.log(`${files.size} files, ${changed.length} written, ${stale.length} removed`);
