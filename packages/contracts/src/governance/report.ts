import { z } from 'zod';
import { digestSchema } from '../primitives.ts';
import { artifactSchemaVersionSchema, artifactTypeSchema } from './manifest.ts';
import { exactVersionSchema, packageNameSchema, providerRuntimeSchema } from './provider.ts';

/**
 * Every code of a governance result, in order of precedence: the first that applies is the one reported
 * (spec/governance-artifacts.md, "Codes").
 */
export const governanceCodeSchema = z.enum([
  'NOT_REACHED',
  'MANIFEST_ABSENT',
  'MANIFEST_INVALID',
  'DUPLICATE_ENTRY',
  'REQUIRED_TYPE_MISSING',
  'UNLISTED_CONTENT',
  'CONTENT_UNAVAILABLE',
  'CONTENT_TOO_LARGE',
  'HASH_MISMATCH',
  'DISCOVERY_DISABLED',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_UNTRUSTED',
  'PROVIDER_CONFLICT',
  'SCHEMA_VERSION_UNSUPPORTED',
  'PROVIDER_UNCONFINED',
  'PROVIDER_LOAD_FAILED',
  'PROVIDER_TIMEOUT',
  'PROVIDER_CRASHED',
  'PROVIDER_NONDETERMINISTIC',
  'PROVIDER_RESPONSE_MALFORMED',
  'PROVIDER_HASH_DISAGREES',
  'SEMANTIC_INVALID',
  'SEMANTIC_VALID',
]);
export type GovernanceCode = z.infer<typeof governanceCodeSchema>;

/** Whether the result can change the verdict of the bundle. */
export const verdictEffectSchema = z.enum(['diagnostic_only', 'fail_closed']);

const availabilitySchema = z.enum(['available', 'unavailable']);
const countSchema = z.int().min(0);

/** One manifest entry judged. `null` stands for a question that was not reached. */
export const semanticResultSchema = z.strictObject({
  artifact_type: artifactTypeSchema,
  schema_version: artifactSchemaVersionSchema,
  artifact_hash: digestSchema,
  provider_available: z.boolean(),
  provider_version: exactVersionSchema.nullable(),
  content_available: z.boolean(),
  hash_matches: z.boolean().nullable(),
  semantic_valid: z.boolean().nullable(),
  code: governanceCodeSchema,
  /** For people; says nothing that the code does not say. */
  message: z.string().max(256),
});
export type SemanticResult = z.infer<typeof semanticResultSchema>;

/** What was found of governance artifacts. total = verified + unavailable, verified = valid + invalid. */
export const governanceArtifactsReportSchema = z.strictObject({
  present: z.boolean(),
  valid_manifest: z.boolean(),
  manifest_hash: digestSchema.nullable(),
  artifact_count: countSchema,
  required_count: countSchema,
  optional_count: countSchema,
  /** Sorted, each once. */
  artifact_types: z.array(artifactTypeSchema),
  /** By artifact type. */
  provider_availability: z.record(artifactTypeSchema, availabilitySchema),
  semantic_verification: z.strictObject({
    attempted: z.boolean(),
    verdict_effect: verdictEffectSchema,
    total: countSchema,
    verified: countSchema,
    valid: countSchema,
    invalid: countSchema,
    unavailable: countSchema,
    /** Every entry, in the order of the manifest. */
    results: z.array(semanticResultSchema),
  }),
  verdict_effect: verdictEffectSchema,
});
export type GovernanceArtifactsReport = z.infer<typeof governanceArtifactsReportSchema>;

/** What was required and whether it was met. */
export const governanceEnforcementSchema = z.strictObject({
  enabled: z.boolean(),
  outcome: z.enum(['NOT_ENABLED', 'NOTHING_REQUIRED', 'PASS', 'FAIL']),
  /** The verdict before governance was looked at. */
  core_verdict: z.enum(['PASS', 'FAIL']),
  required_total: countSchema,
  required_satisfied: countSchema,
  /** Types that the operator's policy requires, sorted. */
  policy_required_types: z.array(artifactTypeSchema),
  failures: z.array(
    z.strictObject({
      /** Index of the manifest entry, null when it is about no entry. */
      index: countSchema.nullable(),
      artifact_type: artifactTypeSchema.nullable(),
      artifact_hash: digestSchema.nullable(),
      code: governanceCodeSchema,
    }),
  ),
});
export type GovernanceEnforcement = z.infer<typeof governanceEnforcementSchema>;

/** One trusted provider as it was found, sorted by package and type. The result is reproducible with these. */
export const governanceProviderSchema = z.strictObject({
  package: packageNameSchema,
  version: exactVersionSchema,
  artifact_type: artifactTypeSchema,
  runtime: providerRuntimeSchema,
  /** SHA-256 of the entry file; null when it was not registered. */
  digest: digestSchema.nullable(),
  /** Null when registered; otherwise why not, a code of discovery. */
  denied: z
    .string()
    .regex(/^PROVIDER_[A-Z_]{3,60}$/)
    .nullable(),
});
export type GovernanceProvider = z.infer<typeof governanceProviderSchema>;
