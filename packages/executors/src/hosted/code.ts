import { findPackageJSON } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExecutorError } from '../errors.ts';

/** The code of an executor as a sandboxed host takes it: what is started, what may be loaded, what specifiers stand for. */
export interface HostableCode {
  readonly entry: string;
  readonly folders: readonly string[];
  readonly imports: { readonly [specifier: string]: { readonly path: string; readonly format: 'module' | 'commonjs' } };
}

/** Source in the workspace, JavaScript when installed. */
const EXTENSION = extname(import.meta.url);

/** Files of this package that executors of more than one kind need, by their name. */
const SHARED = ['content', 'errors'];

/** Packages that executors need while they run, and the one file, or folder with its file, that is loaded of each. */
const PACKAGES = {
  '@exoarmur/contracts/errors': {
    name: '@exoarmur/contracts',
    folder: '',
    file: EXTENSION === '.ts' ? 'src/errors.ts' : 'dist/errors.js',
    format: 'module',
  },
  diff: { name: 'diff', folder: 'libesm', file: 'index.js', format: 'module' },
  'ipaddr.js': { name: 'ipaddr.js', folder: '', file: 'lib/ipaddr.js', format: 'commonjs' },
} as const;

/** The code of the executor in one folder of this package. @throws ExecutorError EXECUTOR_CONFIG_INVALID for a package that is not there */
export function listHostableCode(
  kind: string,
  packages: readonly (keyof typeof PACKAGES)[],
  more: readonly string[] = [],
): HostableCode {
  const at = (place: string) => fileURLToPath(new URL(`../${place}`, import.meta.url));
  const found = packages.map((specifier) => {
    const { name, folder, file, format } = PACKAGES[specifier];
    const manifest = findPackageJSON(name, import.meta.url);
    if (manifest === undefined) {
      throw new ExecutorError('EXECUTOR_CONFIG_INVALID', 'a package that the executor needs is not installed');
    }
    const path = join(dirname(manifest), folder, file);
    return { specifier, path, format, readable: folder === '' ? path : dirname(path) };
  });
  return {
    entry: at(`hosted/${kind}${EXTENSION}`),
    folders: [
      at(kind),
      ...[...SHARED, ...more].map((name) => at(`${name}${EXTENSION}`)),
      ...found.map(({ readable }) => readable),
    ],
    imports: Object.fromEntries(found.map(({ specifier, path, format }) => [specifier, { path, format }])),
  };
}
