import { z } from 'zod';
import { verdictSchema } from '../decision.ts';
import { outcomeStatusSchema } from '../outcome.ts';
import { digestSchema, identifierSchema, jsonObjectSchema, keyedSchema, lineSchema } from '../primitives.ts';
import { artifactSchemaVersionSchema, artifactTypeSchema } from './manifest.ts';

/** Name of an npm package, scoped or not. */
export const packageNameSchema = z
  .string()
  .max(214)
  .regex(/^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/);

/** One exact version (semver 2.0.0): no range, no tag. */
export const exactVersionSchema = z
  .string()
  .max(64)
  .regex(/^(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/);

/** File inside a package: `dist/provider.js`, forward slashes, no `.` or `..` step, at most 255 characters. */
export const packageFileSchema = z
  .string()
  .max(255)
  .regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9@_.-]+(?:\/[A-Za-z0-9@_.-]+)*$/);

/** `wasm`: a module without imports, metered. `process`: one ES module in a confined child process. */
export const providerRuntimeSchema = z.enum(['wasm', 'process']);
export type ProviderRuntime = z.infer<typeof providerRuntimeSchema>;

/** What a package says about its providers, as data: the member `exoarmur.governanceArtifacts` of its `package.json`. */
export const providerDescriptorSchema = z.strictObject({
  descriptorVersion: z.literal(1),
  providers: z
    .array(
      z.strictObject({
        artifactType: artifactTypeSchema,
        schemaVersions: z.array(artifactSchemaVersionSchema).min(1).max(16),
        /** The one file that is the provider. */
        entry: packageFileSchema,
        apiVersion: z.literal(1),
        runtime: providerRuntimeSchema,
      }),
    )
    .min(1)
    .max(16),
});
export type ProviderDescriptor = z.infer<typeof providerDescriptorSchema>;

/** The packages an operator trusts. What is not in it is not looked at. */
export const providerTrustSchema = z.strictObject({
  schema: z.literal('exoarmur.provider-trust/1'),
  providers: z
    .array(
      z.strictObject({
        package: packageNameSchema,
        version: exactVersionSchema,
        artifact_types: z.array(artifactTypeSchema).min(1).max(16),
        runtime: providerRuntimeSchema,
        /** SHA-256 of each entry file that may be loaded, by its path inside the package. */
        files: keyedSchema(packageFileSchema, digestSchema),
        /** Handed to the provider as it is: keys, thresholds. */
        configuration: jsonObjectSchema.optional(),
      }),
    )
    .max(64),
});
export type ProviderTrust = z.infer<typeof providerTrustSchema>;

/** What the verified bundle says of its action, by digest: all that a provider learns beside the artifact. */
export const governanceSubjectSchema = z.strictObject({
  stream: identifierSchema,
  intent_digest: digestSchema,
  policy_digest: digestSchema,
  engine_digest: digestSchema,
  final_verdict: verdictSchema,
  outcome: outcomeStatusSchema.nullable(),
  /** Digest of the outcome (domain `exoarmur.outcome/1`); null when nothing was executed or the outcome is withheld. */
  outcome_digest: digestSchema.nullable(),
});
export type GovernanceSubject = z.infer<typeof governanceSubjectSchema>;

/** The one question to a provider, sent as canonical bytes. */
export const providerRequestSchema = z.strictObject({
  schema: z.literal('exoarmur.provider-request/1'),
  schema_version: artifactSchemaVersionSchema,
  artifact: jsonObjectSchema,
  /** Null for a bundle of the Python ancestor, whose statements nothing binds. */
  subject: governanceSubjectSchema.nullable(),
  configuration: jsonObjectSchema,
});
export type ProviderRequest = z.infer<typeof providerRequestSchema>;

/** Largest response of a provider, in bytes. */
export const MAX_PROVIDER_RESPONSE_BYTES = 65_536;

/** The one answer of a provider, which has to be canonical bytes. */
export const providerResponseSchema = z.strictObject({
  schema: z.literal('exoarmur.provider-response/1'),
  /** Artifact hash as the provider computes it. */
  canonical_hash: digestSchema,
  valid: z.boolean(),
  /** Why not valid, null when it is. */
  reason: z
    .string()
    .regex(/^[a-z][a-z0-9_]{2,63}$/)
    .nullable(),
});
export type ProviderResponse = z.infer<typeof providerResponseSchema>;

/** Which artifact types must be there and must verify: the operator's, never in the bundle. */
export const governancePolicySchema = z.strictObject({
  schema: z.literal('exoarmur.governance-policy/1'),
  required_types: z.array(artifactTypeSchema).max(64),
});
export type GovernancePolicy = z.infer<typeof governancePolicySchema>;

const capability = {
  /** `<package>@<version>/<artifact type>`: the longest of each fit. */
  capability_id: lineSchema(384).min(1),
};

/** A provider was found to be what the operator trusts, and may be used. Nothing of it has run. */
export const capabilityRegistrationSchema = z.strictObject({
  schema: z.literal('exoarmur.v2.capability.registration.v1'),
  ...capability,
  provider: packageNameSchema,
  version: exactVersionSchema,
  capability_class: z.literal('governance_artifact_provider'),
  endpoints: z.array(packageFileSchema).min(1),
  metadata: z.strictObject({ runtime: providerRuntimeSchema, digest: digestSchema }),
});
export type CapabilityRegistration = z.infer<typeof capabilityRegistrationSchema>;

/** A registered provider is about to run for one artifact of one bundle. */
export const capabilityActivationSchema = z.strictObject({
  schema: z.literal('exoarmur.v2.capability.activation.v1'),
  ...capability,
  requested_by: identifierSchema,
  activation_context: z.strictObject({ artifact_hash: digestSchema, schema_version: artifactSchemaVersionSchema }),
  idempotency_key: digestSchema,
});
export type CapabilityActivation = z.infer<typeof capabilityActivationSchema>;

/** A listed provider was not registered, or what it answered does not count. */
export const capabilityDenialSchema = z.strictObject({
  schema: z.literal('exoarmur.v2.capability.denial.v1'),
  ...capability,
  denied_by: identifierSchema,
  reason: z.string().regex(/^[A-Z][A-Z0-9_]{2,63}$/),
});
export type CapabilityDenial = z.infer<typeof capabilityDenialSchema>;
