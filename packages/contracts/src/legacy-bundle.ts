import { z } from 'zod';
import { legacyActionIntentSchema } from './boundary/intent.ts';
import { BUNDLE_MEDIA_TYPE } from './bundle.ts';
import { canonicalEventSchema } from './canonical-event.ts';
import { verdictSchema } from './decision.ts';
import { type JsonObject, jsonObjectSchema } from './primitives.ts';
import { auditRecordV1Schema } from './v1/audit.ts';
import { legacyTimeSchema, openObjectSchema, optionalTextSchema, optionalTimeSchema } from './v1/scalars.ts';

/** SHA-256 as the ancestor writes it: 64 lower-case hexadecimal digits without a prefix. */
export const legacyHashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Members both bundle schemas have. The parts are open objects: the ancestor stored whatever the caller handed it. */
const parts = {
  intent: jsonObjectSchema,
  policy_decision: jsonObjectSchema,
  safety_verdict: jsonObjectSchema,
  final_verdict: verdictSchema,
  approval_records: z.array(jsonObjectSchema).default(() => []),
  execution_trace: jsonObjectSchema,
  executor_result: jsonObjectSchema,
  /** Covers fourteen members in the ancestor's ASCII dialect. It is a checksum, not a signature. */
  replay_hash: legacyHashSchema,
  bundle_created_at: optionalTimeSchema,
  governance_evidence: openObjectSchema,
  resolution_evidence: openObjectSchema,
  executor_capabilities: openObjectSchema,
  validation_evidence: openObjectSchema,
  executor_failure_evidence: openObjectSchema,
};

/** Members that came with schema 2.0; no hash covers them. */
const additions = {
  bundle_checksum: legacyHashSchema.nullable().default(null),
  integrity_hash: optionalTextSchema,
  replay_verification_timestamp: optionalTextSchema,
  deterministic_timestamps: z.boolean().default(true),
  deterministic_ids: z.boolean().default(true),
  canonicalization_verified: z.boolean().default(false),
  audit_stream_id: optionalTextSchema,
  audit_event_count: z.int().default(0),
};

/** Proof bundle of the ancestor, schema 2.0. */
export const legacyBundleSchema = z.strictObject({
  bundle_id: z.string(),
  schema_version: z.literal('2.0'),
  bundle_version: z.string().default('v1'),
  ...parts,
  ...additions,
});
export type LegacyBundle = z.infer<typeof legacyBundleSchema>;

/** Proof bundle of the ancestor before schema versions were written down. */
export const unversionedLegacyBundleSchema = z.strictObject({
  bundle_id: z.string(),
  schema_version: z.literal('1.0').optional(),
  bundle_version: z.string().default('v1'),
  ...parts,
});
export type UnversionedLegacyBundle = z.infer<typeof unversionedLegacyBundleSchema>;

/** The hand-made file of the canonical truth reconstruction demo. Its hash covers five values and no event. */
export const canonicalDemoBundleSchema = z.strictObject({
  execution_proof: z.strictObject({
    replay_hash: legacyHashSchema,
    intent: legacyActionIntentSchema,
    trace_final_status: verdictSchema,
    events_count: z.int().min(0),
  }),
  /** V1 records and canonical events, interleaved. */
  audit_events: z.array(z.union([auditRecordV1Schema, canonicalEventSchema])),
  timestamp: legacyTimeSchema,
});
export type CanonicalDemoBundle = z.infer<typeof canonicalDemoBundleSchema>;

/** A bundle 2.0 in the wrapping of the ancestor's examples. Nothing outside `bundle` is covered by a hash. */
export const wrappedDemoBundleSchema = z.strictObject({
  action_executed: z.boolean(),
  audit_records: z.array(jsonObjectSchema),
  audit_stream_id: z.string(),
  bundle: legacyBundleSchema,
  final_verdict: verdictSchema.optional(),
  written_at: legacyTimeSchema,
});
export type WrappedDemoBundle = z.infer<typeof wrappedDemoBundleSchema>;

/** Every shape of bundle file there is. */
export const bundleShapeSchema = z.enum([
  'bundle_3',
  'legacy_2_0',
  'legacy_1_0',
  'legacy_canonical_demo',
  'legacy_wrapped_demo',
  'unknown',
]);
export type BundleShape = z.infer<typeof bundleShapeSchema>;

/**
 * Tells by which rules a parsed bundle file asks to be read, by its own members alone; never throws. It promises nothing
 * about the content: parse with the schema of the shape next. SECURITY: a file with the marks of two shapes is `unknown`,
 * or two verifiers could read one file as two different bundles.
 */
export function detectBundleShape(value: unknown): BundleShape {
  const parsed = jsonObjectSchema.safeParse(value);
  if (!parsed.success) return 'unknown';
  const file: JsonObject = parsed.data;
  const has = (key: string): boolean => Object.hasOwn(file, key);
  const marks: BundleShape[] = [];
  if (has('media_type')) marks.push(file.media_type === BUNDLE_MEDIA_TYPE ? 'bundle_3' : 'unknown');
  if (has('execution_proof')) marks.push('legacy_canonical_demo');
  if (has('bundle')) marks.push('legacy_wrapped_demo');
  if (has('bundle_id') && has('replay_hash')) marks.push(legacyVersion(has('schema_version'), file.schema_version));
  else if (has('schema_version')) marks.push('unknown');
  const [first, ...others] = marks;
  return first !== undefined && others.length === 0 ? first : 'unknown';
}

function legacyVersion(isStated: boolean, version: unknown): BundleShape {
  if (!isStated || version === '1.0') return 'legacy_1_0';
  return version === '2.0' ? 'legacy_2_0' : 'unknown';
}
