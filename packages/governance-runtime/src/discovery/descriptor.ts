import { CanonicalError, parseJson } from '@exoarmur/canonical';
import { type ProviderDescriptor, providerDescriptorSchema } from '@exoarmur/contracts';
import { Denial } from './denial.ts';

/** What discovery reads of a `package.json`. */
export interface PackageManifest {
  readonly name: unknown;
  readonly version: unknown;
  readonly descriptor: ProviderDescriptor;
}

/** Reads name, version and descriptor as data. @throws Denial PROVIDER_PACKAGE_UNREADABLE, PROVIDER_DESCRIPTOR_INVALID */
export function parsePackageManifest(bytes: Uint8Array): PackageManifest {
  const manifest = readObject(bytes);
  const declared = manifest.exoarmur;
  const descriptor =
    isRecord(declared) && Object.hasOwn(declared, 'governanceArtifacts') ? declared.governanceArtifacts : undefined;
  const parsed = providerDescriptorSchema.safeParse(descriptor);
  const isConsistent = parsed.data?.providers.every(({ artifactType, schemaVersions }) =>
    schemaVersions.every((version) => version.split('.')[0] === artifactType),
  );
  if (parsed.data === undefined || isConsistent !== true) throw new Denial('PROVIDER_DESCRIPTOR_INVALID');
  return { name: manifest.name, version: manifest.version, descriptor: parsed.data };
}

function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = parseJson(bytes);
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
  }
  throw new Denial('PROVIDER_PACKAGE_UNREADABLE');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
