import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatDigest, sha256 } from '@exoarmur/canonical';
import type { ProviderTrust } from '@exoarmur/contracts';

/** A provider package to lay out on disk. */
export interface PackageDraft {
  readonly name?: string;
  readonly version?: string;
  readonly artifactType?: string;
  readonly schemaVersions?: readonly string[];
  readonly runtime?: 'wasm' | 'process';
  readonly entry?: string;
  readonly bytes: Uint8Array;
  /** Put in place of the member `exoarmur`. */
  readonly exoarmur?: unknown;
}

const filled = (draft: PackageDraft) => ({
  name: '@acme/provider',
  version: '1.2.3',
  artifactType: 'policy_snapshot',
  schemaVersions: [`${draft.artifactType ?? 'policy_snapshot'}.v1`],
  runtime: 'wasm' as const,
  entry: 'provider.wasm',
  ...draft,
});

const base = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-providers-')));

/** Removes every project that was made. */
export function removeProjects(): void {
  rmSync(base, { recursive: true, force: true });
}

export function createProject(): string {
  return mkdtempSync(join(base, 'project-'));
}

export function writePackage(folder: string, draft: PackageDraft): void {
  const { name, version, artifactType, schemaVersions, runtime, entry, bytes, exoarmur } = filled(draft);
  const providers = [{ artifactType, schemaVersions, entry, apiVersion: 1, runtime }];
  mkdirSync(dirname(join(folder, entry)), { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name,
      version,
      exoarmur: exoarmur ?? { governanceArtifacts: { descriptorVersion: 1, providers } },
    }),
  );
  writeFileSync(join(folder, entry), bytes);
}

/** As npm lays it out: a folder in `node_modules`. */
export function installNpm(root: string, draft: PackageDraft): string {
  const folder = join(root, 'node_modules', filled(draft).name);
  mkdirSync(folder, { recursive: true });
  writePackage(folder, draft);
  return folder;
}

/** As pnpm lays it out: a link into the virtual store of the project. */
export function installPnpm(root: string, draft: PackageDraft): string {
  const { name, version } = filled(draft);
  const folder = join(root, 'node_modules', '.pnpm', `${name.replace('/', '+')}@${version}`, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writePackage(folder, draft);
  const link = join(root, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(folder, link, 'junction');
  return folder;
}

type TrustedPackage = ProviderTrust['providers'][number];

export function trustIn(draft: PackageDraft, changes: Partial<TrustedPackage> = {}): TrustedPackage {
  const { name, version, artifactType, runtime, entry, bytes } = filled(draft);
  return {
    package: name,
    version,
    artifact_types: [artifactType],
    runtime,
    files: { [entry]: formatDigest(sha256(bytes)) },
    ...changes,
  };
}

export function trustOf(...providers: TrustedPackage[]): ProviderTrust {
  return { schema: 'exoarmur.provider-trust/1', providers: [...providers] };
}
