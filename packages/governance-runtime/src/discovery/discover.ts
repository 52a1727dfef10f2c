import { realpathSync } from 'node:fs';
import { formatDigest, sha256 } from '@exoarmur/canonical';
import type { GovernanceProvider, ProviderDescriptor, ProviderTrust } from '@exoarmur/contracts';
import type { ProviderDirectory, ProviderHandle, ProviderListing } from '@exoarmur/governance-artifacts';
import type { ProviderRuntimes } from '../runtimes.ts';
import { settleRun } from './deadline.ts';
import { Denial, type DenialCode } from './denial.ts';
import { parsePackageManifest } from './descriptor.ts';
import { locatePackage, MAX_ENTRY_BYTES, MAX_MANIFEST_BYTES, readPackageFile } from './package-folder.ts';

type TrustedPackage = ProviderTrust['providers'][number];

interface Row {
  readonly provider: GovernanceProvider;
  readonly handle: ProviderHandle | undefined;
}

/** What discovery is given. */
export interface DiscoveryOptions {
  /** Folder whose `node_modules` holds the providers; nothing outside of it is read. */
  readonly projectRoot: string;
  /** The operator's list. A package that it does not name is not looked at. */
  readonly trust: ProviderTrust;
  readonly runtimes: ProviderRuntimes;
}

/**
 * Finds the trusted providers (spec/governance-artifacts.md, "Discovery"). Reads data and hashes files; imports nothing and runs
 * nothing. The entry files are read once: what was hashed is what will run. The answer does not depend on the order of the list.
 * @throws the error of the file system when `projectRoot` does not exist
 */
export function discoverProviders({ projectRoot, trust, runtimes }: DiscoveryOptions): ProviderDirectory {
  const realRoot = realpathSync(projectRoot);
  const rows = trust.providers.flatMap((trusted) => examinePackage(realRoot, trusted, runtimes));
  const settled = refuseConflicts(rows).sort((a, b) => compare(sortKey(a), sortKey(b)));
  const byType = new Map<string, Row[]>();
  for (const row of settled)
    byType.set(row.provider.artifact_type, [...(byType.get(row.provider.artifact_type) ?? []), row]);
  return Object.freeze({
    find: (artifactType: string): ProviderListing => list(byType.get(artifactType) ?? []),
    providers: Object.freeze(settled.map((row) => Object.freeze(row.provider))),
  });
}

function list(rows: readonly Row[]): ProviderListing {
  const installed = rows.filter((row) => row.provider.denied !== 'PROVIDER_PACKAGE_MISSING');
  const [only] = installed;
  if (only === undefined) return { status: 'unavailable' };
  if (installed.length > 1) return { status: 'conflict' };
  return only.handle === undefined ? { status: 'untrusted' } : { status: 'available', provider: only.handle };
}

function refuseConflicts(rows: readonly Row[]): Row[] {
  const isPresent = (row: Row): boolean => row.provider.denied !== 'PROVIDER_PACKAGE_MISSING';
  return rows.map((row) => {
    const type = row.provider.artifact_type;
    const count = rows.filter((other) => isPresent(other) && other.provider.artifact_type === type).length;
    if (row.handle === undefined || count < 2) return row;
    return { provider: { ...row.provider, digest: null, denied: 'PROVIDER_CONFLICT' }, handle: undefined };
  });
}

function examinePackage(realRoot: string, trusted: TrustedPackage, runtimes: ProviderRuntimes): Row[] {
  const types = [...new Set(trusted.artifact_types)];
  try {
    const folder = locatePackage(realRoot, trusted.package);
    const manifest = parsePackageManifest(
      readPackageFile(folder, 'package.json', MAX_MANIFEST_BYTES, 'PROVIDER_PACKAGE_UNREADABLE'),
    );
    if (manifest.name !== trusted.package) throw new Denial('PROVIDER_NAME_MISMATCH');
    if (manifest.version !== trusted.version) throw new Denial('PROVIDER_VERSION_MISMATCH');
    const declared = manifest.descriptor.providers;
    const undeclared = types.filter((type) => !declared.some((provider) => provider.artifactType === type));
    return [
      ...undeclared.map((type) => denied(trusted, type, 'PROVIDER_TYPE_NOT_DECLARED')),
      ...declared.map((provider) => examineProvider(folder, trusted, provider, runtimes)),
    ];
  } catch (error) {
    if (!(error instanceof Denial)) throw error;
    return types.map((type) => denied(trusted, type, error.code));
  }
}

function examineProvider(
  folder: string,
  trusted: TrustedPackage,
  declared: ProviderDescriptor['providers'][number],
  runtimes: ProviderRuntimes,
): Row {
  const { artifactType, entry, runtime, schemaVersions } = declared;
  try {
    if (!trusted.artifact_types.includes(artifactType)) throw new Denial('PROVIDER_TYPE_NOT_ALLOWED');
    if (runtime !== trusted.runtime) throw new Denial('PROVIDER_RUNTIME_NOT_ALLOWED');
    if (!Object.hasOwn(trusted.files, entry)) throw new Denial('PROVIDER_FILE_UNLISTED');
    const bytes = readPackageFile(folder, entry, MAX_ENTRY_BYTES, 'PROVIDER_FILE_UNREADABLE');
    const digest = formatDigest(sha256(bytes));
    if (digest !== trusted.files[entry]) throw new Denial('PROVIDER_DIGEST_MISMATCH');
    const run = runtimes[runtime];
    const { package: name, version, configuration = {} } = trusted;
    const handle: ProviderHandle = Object.freeze({
      package: name,
      version,
      runtime,
      digest,
      schemaVersions: Object.freeze([...schemaVersions]),
      configuration,
      run: (request: Uint8Array) => settleRun(() => run(bytes, request)),
    });
    return { provider: { package: name, version, artifact_type: artifactType, runtime, digest, denied: null }, handle };
  } catch (error) {
    if (!(error instanceof Denial)) throw error;
    return denied(trusted, artifactType, error.code);
  }
}

function denied({ package: name, version, runtime }: TrustedPackage, artifact_type: string, code: DenialCode): Row {
  return {
    provider: { package: name, version, artifact_type, runtime, digest: null, denied: code },
    handle: undefined,
  };
}

function sortKey({ provider }: Row): string {
  const { package: name, version, artifact_type, denied: code } = provider;
  return [name, artifact_type, version, code ?? ''].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
