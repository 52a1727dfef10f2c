import { z } from 'zod';
import { digestSchema, jsonObjectSchema, keyedSchema } from '../primitives.ts';

/** Domain of an artifact hash, over the canonical bytes of `{artifact, schema_version}`. */
export const GOVERNANCE_ARTIFACT_DIGEST_DOMAIN = 'exoarmur.governance-artifact/1';

/** Domain of the manifest hash, over the canonical bytes of the whole manifest. */
export const GOVERNANCE_MANIFEST_DIGEST_DOMAIN = 'exoarmur.governance-manifest/1';

/** Most entries of a manifest. */
export const MAX_GOVERNANCE_ARTIFACTS = 64;

/** Largest canonical artifact, in bytes. */
export const MAX_GOVERNANCE_ARTIFACT_BYTES = 1_048_576;

/** What an artifact is about: `policy_snapshot`. */
export const artifactTypeSchema = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/);

/** The type with the version of its shape: `policy_snapshot.v1`. */
export const artifactSchemaVersionSchema = z.string().regex(/^[a-z][a-z0-9_]{0,63}\.v[1-9][0-9]{0,3}$/);

/** One artifact that a bundle claims to carry. `schema_version` is `<artifact_type>.v<number>`. */
export const governanceManifestEntrySchema = z.strictObject({
  artifact_type: artifactTypeSchema,
  schema_version: artifactSchemaVersionSchema,
  artifact_hash: digestSchema,
  /** Absent is no `false`: a manifest that leaves it out is invalid. */
  required_for_verdict: z.boolean(),
});
export type GovernanceManifestEntry = z.infer<typeof governanceManifestEntrySchema>;

/** Which artifacts a bundle carries, in the order in which they are reported. */
export const governanceManifestSchema = z.strictObject({
  schema: z.literal('exoarmur.governance-manifest/1'),
  hash_algorithm: z.literal(GOVERNANCE_ARTIFACT_DIGEST_DOMAIN),
  artifacts: z.array(governanceManifestEntrySchema).max(MAX_GOVERNANCE_ARTIFACTS),
});
export type GovernanceManifest = z.infer<typeof governanceManifestSchema>;

/** The two members of a bundle's `artifacts` (of an ancestor's `governance_evidence`) that are read here. */
export const governanceEvidenceSchema = z.strictObject({
  governance_artifacts_manifest: governanceManifestSchema,
  /** Embedded artifacts by artifact hash. */
  governance_artifacts: keyedSchema(digestSchema, jsonObjectSchema),
});
export type GovernanceEvidence = z.infer<typeof governanceEvidenceSchema>;
