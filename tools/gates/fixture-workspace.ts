import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A stub package of the miniature workspace: its exports map, npm packages and our packages it declares. */
interface Stub {
  readonly folder: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: readonly string[];
  readonly devDependencies?: readonly string[];
}

const OURS = [
  'audit',
  'boundary-v2',
  'canonical',
  'cli',
  'contracts',
  'executors',
  'federation',
  'governance-artifacts',
  'policy',
  'replay',
  'sdk',
  'store-sqlite',
];
const NPM = ['fast-check', 'governance-provider-acme', 'http-client', 'undeclared', 'zod'];

const declared = OURS.map((name) => `@exoarmur/${name}`);
const STUBS: readonly Stub[] = [...OURS, 'telemetry'].map((name) => ({
  folder: name === 'cli' ? 'apps/cli' : `packages/${name}`,
  exports:
    name === 'audit'
      ? {
          './reader': './src/reader/index.ts',
          './writer': './src/writer/index.ts',
          './trail': './src/trail/index.ts',
          './internal': './src/internal/store.ts',
        }
      : { '.': './src/index.ts' },
  dependencies: [...declared, 'zod', 'http-client', 'governance-provider-acme'],
  devDependencies: ['fast-check'],
}));

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const toVersions = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, '1.0.0']));

/**
 * Writes a miniature of the workspace: the folders and exports of the real one with a stub behind each entry, all of
 * them lawful. Declared dependencies are wide open on purpose, so that only the import rules stand in the way.
 */
export function createMiniatureWorkspace(root: string): void {
  for (const { folder, exports, dependencies, devDependencies = [] } of STUBS) {
    const name = folder.split('/')[1] ?? '';
    const manifest = {
      name: `@exoarmur/${name}`,
      version: '1.0.0',
      type: 'module',
      exports: Object.fromEntries(Object.entries(exports).map(([key, file]) => [key, { '@exoarmur/source': file }])),
      ...(name === 'canonical' ? { imports: { '#platform': { '@exoarmur/source': './src/platform/node.ts' } } } : {}),
      dependencies: toVersions(dependencies),
      devDependencies: toVersions(devDependencies),
    };
    write(root, `${folder}/package.json`, JSON.stringify(manifest));
    const stub = name === 'boundary-v2' ? 'boundary' : name.replaceAll('-', '_');
    for (const file of Object.values(exports)) write(root, `${folder}/${file.slice(2)}`, `export const ${stub} = 1;\n`);
    mkdirSync(join(root, 'node_modules/@exoarmur'), { recursive: true });
    symlinkSync(join(root, folder), join(root, 'node_modules/@exoarmur', name), 'junction');
  }
  write(root, 'packages/canonical/src/index.ts', "import '#platform';\nexport const canonical = 1;\n");
  write(root, 'packages/policy/src/shape.ts', "import type { B } from './shape-b.ts';\nexport type A = B[];\n");
  write(root, 'packages/policy/src/shape-b.ts', "import type { A } from './shape.ts';\nexport type B = A | null;\n");
  write(root, 'packages/audit/src/writer/index.ts', "import '../internal/store.ts';\n");
  write(root, 'packages/canonical/src/platform/node.ts', "import 'node:crypto';\n");
  write(root, 'packages/policy/src/lawful.ts', "import '@exoarmur/contracts';\nimport '@exoarmur/canonical';\n");
  write(root, 'packages/policy/src/lawful.test.ts', "import 'node:fs';\nimport 'fast-check';\nimport './lawful.ts';\n");
  write(root, 'packages/contracts/src/lawful.ts', "import 'zod';\n");
  write(root, 'packages/replay/src/lawful.ts', "import '@exoarmur/audit/reader';\nimport '@exoarmur/audit/trail';\n");
  write(root, 'packages/boundary-v2/src/lawful.ts', "import '@exoarmur/audit/writer';\nimport '@exoarmur/policy';\n");
  write(root, 'packages/boundary-v2/src/executor-host.ts', "import 'node:worker_threads';\n");
  write(root, 'packages/executors/src/lawful.ts', "import 'node:fs';\nimport '@exoarmur/contracts';\n");
  write(root, 'packages/store-sqlite/src/lawful.ts', "import 'node:sqlite';\nimport '@exoarmur/contracts';\n");
  write(root, 'packages/sdk/src/lawful.ts', "import '@exoarmur/boundary-v2';\nimport '@exoarmur/executors';\n");
  write(
    root,
    'apps/cli/src/lawful.ts',
    "import '@exoarmur/replay';\nexport const late = () => import('./late.ts');\nexport const sqlite = () => import('node:sqlite');\n",
  );
  write(root, 'apps/cli/src/late.ts', "import './lawful.ts';\nexport const late = 1;\n");
  write(root, 'packages/boundary-v2/test/doubles.ts', "import '@exoarmur/executors';\n");
  for (const name of NPM) {
    write(root, `node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(root, `node_modules/${name}/index.js`, '');
  }
}

/** Lays every fixture folder below `fixtures` over the miniature workspace and returns their names, which are rule names. */
export function overlayFixtures(fixtures: string, root: string): string[] {
  const names = readdirSync(fixtures).sort();
  for (const name of names) cpSync(join(fixtures, name), root, { recursive: true });
  return names;
}
