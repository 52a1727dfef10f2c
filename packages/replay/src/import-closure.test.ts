import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('index.ts', import.meta.url));
const IMPORT = /^(?:import|export)\s(?!type\s)[^;]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'/gms;

const PACKAGES = fileURLToPath(new URL('../..', import.meta.url));

/** Source file of one of our packages, by the condition that tests run on. */
function sourceOf(specifier: string): string {
  const [, name = '', ...subpath] = specifier.split('/');
  const { exports } = JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')) as {
    exports: Record<string, Record<string, string>>;
  };
  const target = exports[subpath.length === 0 ? '.' : `./${subpath.join('/')}`]?.['@exoarmur/source'];
  return join(PACKAGES, name, target ?? '');
}

/** Every file and every foreign module that the verifier can reach. */
function closureOf(entry: string) {
  const files = new Set<string>();
  const foreign = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, fixed, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const specifier = fixed ?? dynamic ?? '';
      if (specifier.startsWith('.')) queue.push(join(dirname(file), specifier));
      else if (specifier.startsWith('@exoarmur/')) queue.push(sourceOf(specifier));
      else foreign.add(specifier);
    }
  }
  return { files: [...files], foreign: [...foreign].sort() };
}

it('reaches no network, no file system and no process, and nothing that can act', () => {
  const { files, foreign } = closureOf(ENTRY);
  const packages = new Set(
    files.map((file) => /packages\/([a-z0-9-]+)\/src\/([a-z-]+)/.exec(file)?.slice(1, 3).join('/')),
  );
  const planes = new Set([...packages].map((path) => path?.split('/')[0]));
  expect([...planes].sort()).toEqual(['audit', 'canonical', 'contracts', 'replay']);
  expect([...packages].filter((path) => path?.startsWith('audit/'))).toEqual(['audit/trail']);
  // The platform module is canonical's one door to the runtime: SHA-256 and Ed25519, with a browser twin.
  expect(foreign.filter((name) => name !== '#platform' && !name.startsWith('@noble/'))).toEqual(['zod']);
  expect(files.length).toBeGreaterThan(60);
});

it('reads no clock, no randomness and no environment', () => {
  const ambient =
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bfetch\(|\bgetRandomValues\b|\bperformance\./;
  const own = closureOf(ENTRY).files.filter((file) => file.includes('/packages/replay/'));
  expect(own.filter((file) => ambient.test(readFileSync(file, 'utf8')))).toEqual([]);
  expect(own.length).toBeGreaterThan(20);
});
