import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import floors from './floors.json' with { type: 'json' };
import { type Gate, type GateResult, ROOT, runCommand, toFindings } from './gate.ts';
import { findBreaks, flattenSchema, type Json, type Surface } from './schema-surface.ts';
import { listFiles } from './workspace.ts';

const BASELINE = fileURLToPath(new URL('./schema-baseline.json', import.meta.url));

/** Path below `spec/schemas` to the text of a schema file. */
export type SchemaFiles = ReadonlyMap<string, string>;

/** Path of a schema file to its surface, as the last accepted state promised it. */
export type Baseline = Readonly<Record<string, Surface>>;

/** Reads every schema below `spec/schemas`; the lock is none. */
export function readSchemas(root: string = ROOT): SchemaFiles {
  const paths = listFiles(root, 'spec/schemas', (path) => path.endsWith('.json') && !path.endsWith('.lock.json'));
  return new Map(paths.map((path) => [path.slice('spec/schemas/'.length), readFileSync(join(root, path), 'utf8')]));
}

/** Compares the V1 schemas with their locked SHA-256 digests: V1 documents exist, so no change is additive enough. */
export function findLockBreaks(lock: Readonly<Record<string, string>>, files: SchemaFiles): string[] {
  const findings: string[] = [];
  for (const [path, digest] of Object.entries(lock)) {
    const text = files.get(path);
    const actual = text === undefined ? 'missing' : createHash('sha256').update(text).digest('hex');
    if (actual !== digest) findings.push(`${path}: locked, ${text === undefined ? 'missing' : 'changed'}`);
  }
  for (const path of files.keys())
    if (path.startsWith('v1/') && lock[path] === undefined) findings.push(`${path}: not locked`);
  return findings;
}

/** Compares the other schemas with the accepted baseline: members may come, nothing a document relies on may go. */
export function findSchemaBreaks(baseline: Baseline, files: SchemaFiles): string[] {
  const findings: string[] = [];
  for (const [path, before] of Object.entries(baseline)) {
    const text = files.get(path);
    if (text === undefined) findings.push(`${path}: removed`);
    else findings.push(...findBreaks(before, flattenSchema(JSON.parse(text) as Json)).map((line) => `${path}${line}`));
  }
  for (const path of files.keys()) {
    if (!path.startsWith('v1/') && baseline[path] === undefined)
      findings.push(`${path}: not in the baseline, accept it`);
  }
  return findings;
}

/** The baseline the present schemas would make. */
export function createBaseline(files: SchemaFiles): Baseline {
  const others = [...files].filter(([path]) => !path.startsWith('v1/'));
  return Object.fromEntries(others.map(([path, text]) => [path, flattenSchema(JSON.parse(text) as Json)]));
}

/** Schemas are what the sources generate, V1 is locked by digest, the rest grows by addition only. */
export const schemaGate: Gate = {
  name: 'schemas',
  guards: 'wire shapes: generated, V1 locked, the rest additive only',
  run(): GateResult {
    const files = readSchemas();
    const lockPath = join(ROOT, 'spec/schemas/v1.lock.json');
    const lock = existsSync(lockPath) ? (JSON.parse(readFileSync(lockPath, 'utf8')) as Record<string, string>) : {};
    const baseline = existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline) : {};
    const generated = runCommand(process.execPath, [
      '--conditions=@exoarmur/source',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'tools/generate.ts'),
      '--check',
    ]);
    return {
      examined: files.size,
      unit: 'schemas',
      findings: [
        ...(files.size < floors.schemas ? [`${files.size} schemas, at least ${floors.schemas} expected`] : []),
        ...(Object.keys(lock).length === 0 ? ['no V1 schema is locked'] : []),
        ...toFindings(generated),
        ...findLockBreaks(lock, files),
        ...findSchemaBreaks(baseline, files),
      ],
    };
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--accept')) {
  const baseline = createBaseline(readSchemas());
  const lines = Object.entries(baseline).map(
    ([path, surface]) => `${JSON.stringify(path)}: ${JSON.stringify(surface, undefined, 1)}`,
  );
  writeFileSync(BASELINE, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`${lines.length} schemas accepted`);
}
