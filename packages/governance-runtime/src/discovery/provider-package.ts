import { realpathSync } from 'node:fs';
import { formatDigest, sha256 } from '@exoarmur/canonical';
import { type Digest, exactVersionSchema, type ProviderRuntime, packageNameSchema } from '@exoarmur/contracts';
import { Denial } from './denial.ts';
import { parsePackageManifest } from './descriptor.ts';
import { MAX_ENTRY_BYTES, MAX_MANIFEST_BYTES, readPackageFile } from './package-folder.ts';

/** One provider as its package declares it, with the bytes of its entry. */
export interface DeclaredProvider {
  readonly artifactType: string;
  readonly schemaVersions: readonly string[];
  readonly runtime: ProviderRuntime;
  readonly entry: string;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** What a folder says of itself. Nobody has trusted it yet. */
export interface ProviderPackage {
  readonly name: string;
  readonly version: string;
  readonly providers: readonly DeclaredProvider[];
}

/** Reads a provider package from its own folder, for its author and for the operator who is about to trust it. @throws Denial */
export function readProviderPackage(folder: string): ProviderPackage {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch {
    throw new Denial('PROVIDER_PACKAGE_MISSING');
  }
  const { name, version, descriptor } = parsePackageManifest(
    readPackageFile(real, 'package.json', MAX_MANIFEST_BYTES, 'PROVIDER_PACKAGE_UNREADABLE'),
  );
  const [knownName, knownVersion] = [packageNameSchema.safeParse(name), exactVersionSchema.safeParse(version)];
  if (!knownName.success) throw new Denial('PROVIDER_NAME_MISMATCH');
  if (!knownVersion.success) throw new Denial('PROVIDER_VERSION_MISMATCH');
  const providers = descriptor.providers.map(({ artifactType, schemaVersions, runtime, entry }) => {
    const bytes = readPackageFile(real, entry, MAX_ENTRY_BYTES, 'PROVIDER_FILE_UNREADABLE');
    return { artifactType, schemaVersions, runtime, entry, bytes, digest: formatDigest(sha256(bytes)) };
  });
  return { name: knownName.data, version: knownVersion.data, providers };
}
