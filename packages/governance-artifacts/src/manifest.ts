import {
  formatPointer,
  type GovernanceManifest,
  type GovernanceManifestEntry,
  governanceManifestSchema,
  type JsonObject,
} from '@exoarmur/contracts';

/** Member of the evidence that holds the manifest. */
export const MANIFEST_MEMBER = 'governance_artifacts_manifest';

/** Member of the evidence that holds the embedded artifacts by hash. */
export const CONTENT_MEMBER = 'governance_artifacts';

/** The manifest of a bundle as it was found. Pointers start at the evidence object. */
export type ManifestReading =
  | { readonly status: 'absent' }
  | { readonly status: 'invalid'; readonly code: 'MANIFEST_INVALID' | 'DUPLICATE_ENTRY'; readonly pointer: string }
  | { readonly status: 'valid'; readonly manifest: GovernanceManifest };

/**
 * Reads the manifest out of the evidence of a bundle. Never throws on evidence; the pointer is that of the first complaint in
 * the order of the schema, the same on every platform.
 */
export function readManifest(evidence: JsonObject | undefined): ManifestReading {
  if (evidence === undefined || !Object.hasOwn(evidence, MANIFEST_MEMBER)) return { status: 'absent' };
  const parsed = governanceManifestSchema.safeParse(evidence[MANIFEST_MEMBER]);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path ?? [];
    return invalid('MANIFEST_INVALID', path);
  }
  const { artifacts } = parsed.data;
  for (const [index, entry] of artifacts.entries()) {
    if (entry.schema_version.split('.')[0] !== entry.artifact_type) {
      return invalid('MANIFEST_INVALID', ['artifacts', index, 'schema_version']);
    }
    if (artifacts.findIndex((other) => isSameEntry(other, entry)) !== index) {
      return invalid('DUPLICATE_ENTRY', ['artifacts', index]);
    }
  }
  return { status: 'valid', manifest: parsed.data };
}

/** The same type and content twice says nothing twice; it could only make a count lie. */
function isSameEntry(a: GovernanceManifestEntry, b: GovernanceManifestEntry): boolean {
  return a.artifact_type === b.artifact_type && a.artifact_hash === b.artifact_hash;
}

function invalid(code: 'MANIFEST_INVALID' | 'DUPLICATE_ENTRY', path: readonly PropertyKey[]): ManifestReading {
  return { status: 'invalid', code, pointer: formatPointer([MANIFEST_MEMBER, ...path]) };
}

/** Embedded artifacts by hash, as the file has them; a container that is no object is one content under no hash. */
export function readContents(evidence: JsonObject | undefined): ReadonlyMap<string, unknown> {
  if (evidence === undefined || !Object.hasOwn(evidence, CONTENT_MEMBER)) return new Map();
  const container: unknown = evidence[CONTENT_MEMBER];
  if (typeof container !== 'object' || container === null || Array.isArray(container))
    return new Map([['', container]]);
  return new Map(Object.entries(container));
}
