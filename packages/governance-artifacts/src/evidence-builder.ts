import { CanonicalError, canonicalizeToBytes } from '@exoarmur/canonical';
import {
  type Digest,
  GOVERNANCE_ARTIFACT_DIGEST_DOMAIN,
  type GovernanceEvidence,
  type GovernanceManifestEntry,
  type JsonObject,
  MAX_GOVERNANCE_ARTIFACT_BYTES,
} from '@exoarmur/contracts';
import { hashArtifact } from './artifact-hash.ts';
import { GovernanceError } from './errors.ts';
import { readManifest } from './manifest.ts';

/** One artifact to attach. */
export interface ArtifactDraft {
  /** `<artifact_type>.v<number>` */
  readonly schemaVersion: string;
  readonly artifact: JsonObject;
  readonly isRequired: boolean;
}

/**
 * Makes the `artifacts` of a bundle: a manifest entry for each draft, in their order, and the content by hash.
 * @throws GovernanceError GOVERNANCE_ARTIFACT_UNWRITABLE, GOVERNANCE_MANIFEST_MALFORMED with a pointer into the evidence
 */
export function buildGovernanceEvidence(drafts: readonly ArtifactDraft[]): GovernanceEvidence {
  const artifacts: GovernanceManifestEntry[] = [];
  const contents: Record<Digest, JsonObject> = {};
  for (const [index, { schemaVersion, artifact, isRequired }] of drafts.entries()) {
    const artifact_hash = hashDraft(schemaVersion, artifact, index);
    const artifact_type = schemaVersion.split('.')[0] ?? '';
    artifacts.push({ artifact_type, schema_version: schemaVersion, artifact_hash, required_for_verdict: isRequired });
    contents[artifact_hash] = artifact;
  }
  const evidence: GovernanceEvidence = {
    governance_artifacts_manifest: {
      schema: 'exoarmur.governance-manifest/1',
      hash_algorithm: GOVERNANCE_ARTIFACT_DIGEST_DOMAIN,
      artifacts,
    },
    governance_artifacts: contents,
  };
  const reading = readManifest(evidence);
  if (reading.status === 'valid') return evidence;
  const pointer = reading.status === 'invalid' ? reading.pointer : '';
  throw new GovernanceError('GOVERNANCE_MANIFEST_MALFORMED', 'the artifacts make no valid manifest', { pointer });
}

function hashDraft(schemaVersion: string, artifact: JsonObject, index: number): Digest {
  try {
    canonicalizeToBytes(artifact, { maxBytes: MAX_GOVERNANCE_ARTIFACT_BYTES });
    return hashArtifact(schemaVersion, artifact);
  } catch (cause) {
    if (!(cause instanceof CanonicalError)) throw cause;
    const message = `artifact ${index} cannot be written: ${cause.message}`;
    throw new GovernanceError('GOVERNANCE_ARTIFACT_UNWRITABLE', message, { pointer: cause.pointer ?? '', cause });
  }
}
