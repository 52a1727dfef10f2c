import { digestValue } from '@exoarmur/canonical';
import {
  type Digest,
  GOVERNANCE_ARTIFACT_DIGEST_DOMAIN,
  GOVERNANCE_MANIFEST_DIGEST_DOMAIN,
  type GovernanceManifest,
  type JsonObject,
} from '@exoarmur/contracts';

/**
 * Hash of an artifact under the shape it claims (spec/governance-artifacts.md, "Hashes"): no member is left out, and the same
 * content under another schema version has another hash. @throws CanonicalError for a value without a canonical form
 */
export function hashArtifact(schemaVersion: string, artifact: JsonObject): Digest {
  return digestValue(GOVERNANCE_ARTIFACT_DIGEST_DOMAIN, { artifact, schema_version: schemaVersion });
}

/** Hash of a whole manifest. */
export function hashManifest(manifest: GovernanceManifest): Digest {
  return digestValue(GOVERNANCE_MANIFEST_DIGEST_DOMAIN, manifest);
}
