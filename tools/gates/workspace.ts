import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './gate.ts';

/** The members of a package.json that gates read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** One package or app of the workspace. */
export interface WorkspaceFolder {
  /** `packages/audit`, `apps/cli`: with forward slashes, relative to the root. */
  readonly path: string;
  readonly manifest: Manifest;
  /** False while the folder holds a package.json and no `src` yet. */
  readonly hasSources: boolean;
}

/** Lists the folders under packages/ and apps/ that have a package.json, sorted by path. */
export function listWorkspace(root: string = ROOT): WorkspaceFolder[] {
  return ['apps', 'packages'].flatMap((parent) => {
    if (!existsSync(join(root, parent))) return [];
    return readdirSync(join(root, parent))
      .sort()
      .filter((name) => existsSync(join(root, parent, name, 'package.json')))
      .map((name) => ({
        path: `${parent}/${name}`,
        manifest: JSON.parse(readFileSync(join(root, parent, name, 'package.json'), 'utf8')) as Manifest,
        hasSources: existsSync(join(root, parent, name, 'src')),
      }));
  });
}

/** Lists files below `folder`, sorted, as paths relative to `root` with forward slashes. Hidden and built folders are skipped. */
export function listFiles(root: string, folder: string, accepts: (path: string) => boolean): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (['node_modules', 'dist', 'fixtures'].includes(entry.name) || entry.name.startsWith('.')) return [];
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(root, path, accepts);
      return accepts(path) ? [path] : [];
    });
}
