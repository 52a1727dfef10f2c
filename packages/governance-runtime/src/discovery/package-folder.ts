import { closeSync, constants, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Denial, type DenialCode } from './denial.ts';

/** Largest `package.json` that is read, in bytes. */
export const MAX_MANIFEST_BYTES = 262_144;

/** Largest entry file of a provider, in bytes. */
export const MAX_ENTRY_BYTES = 1_048_576;

/**
 * The real folder of an installed package: `node_modules/<name>` of the project, as npm and pnpm lay it out. Links may lead anywhere
 * below the real project root and nowhere else. @throws Denial
 */
export function locatePackage(realRoot: string, name: string): string {
  let folder: string;
  try {
    folder = realpathSync(join(realRoot, 'node_modules', name));
  } catch {
    const isPnp = ['.pnp.cjs', '.pnp.js'].some((file) => existsSync(join(realRoot, file)));
    throw new Denial(isPnp ? 'PROVIDER_LAYOUT_UNSUPPORTED' : 'PROVIDER_PACKAGE_MISSING');
  }
  if (!isInside(realRoot, folder)) throw new Denial('PROVIDER_OUTSIDE_ROOT');
  return folder;
}

/** Reads a regular file below `realFolder`, opened once after its links were followed. @throws Denial */
export function readPackageFile(
  realFolder: string,
  file: string,
  maxBytes: number,
  unreadable: DenialCode,
): Uint8Array {
  let path: string;
  try {
    path = realpathSync(join(realFolder, file));
  } catch {
    throw new Denial(unreadable);
  }
  if (!isInside(realFolder, path)) throw new Denial('PROVIDER_OUTSIDE_ROOT');
  let descriptor: number;
  try {
    // The path has no link left; one put there since is refused. A FIFO must not block discovery.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch {
    throw new Denial(unreadable);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > maxBytes) throw new Denial(unreadable);
    const bytes = new Uint8Array(maxBytes + 1);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    if (length > maxBytes) throw new Denial(unreadable);
    return bytes.slice(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function isInside(realFolder: string, path: string): boolean {
  return path.startsWith(realFolder.endsWith(sep) ? realFolder : `${realFolder}${sep}`);
}
