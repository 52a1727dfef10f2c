import { z } from 'zod';
import {
  legacyTimeSchema,
  openObjectSchema,
  openTextListSchema,
  optionalTextSchema,
  unitIntervalSchema,
} from './scalars.ts';

/** Life of a containment. */
export const identityContainmentStatusV1Schema = z.enum([
  'pending',
  'active',
  'expired',
  'reverted',
  'failed',
  'suspended',
]);
export type IdentityContainmentStatusV1 = z.infer<typeof identityContainmentStatusV1Schema>;

/** An identity that may be contained. */
export const identitySubjectV1Schema = z.strictObject({
  subject_id: z.string(),
  subject_type: z.string(),
  tenant_id: z.string(),
  containment_scope: z.string().default('none'),
  risk_score: unitIntervalSchema.default(0),
  last_activity_utc: legacyTimeSchema,
  metadata: openObjectSchema,
});
export type IdentitySubjectV1 = z.infer<typeof identitySubjectV1Schema>;

/** How far a containment reaches and for how long. */
export const identityContainmentScopeV1Schema = z.strictObject({
  scope_id: z.string(),
  scope_type: z.string(),
  severity_level: z.string(),
  ttl_seconds: z.int().positive(),
  auto_expire: z.boolean().default(true),
  requires_approval: z.boolean().default(true),
  approval_level: z.string().default('A2'),
  effectors: openTextListSchema,
  conditions: openObjectSchema,
  metadata: openObjectSchema,
});
export type IdentityContainmentScopeV1 = z.infer<typeof identityContainmentScopeV1Schema>;

/** A proposal to contain an identity. */
export const identityContainmentRecommendationV1Schema = z.strictObject({
  recommendation_id: z.string(),
  subject_id: z.string(),
  scope: identityContainmentScopeV1Schema,
  confidence_score: unitIntervalSchema,
  risk_assessment: openObjectSchema,
  evidence_refs: openTextListSchema,
  recommended_by: z.string(),
  generated_at_utc: legacyTimeSchema,
  expires_at_utc: legacyTimeSchema,
  status: z.string().default('pending'),
  metadata: openObjectSchema,
});
export type IdentityContainmentRecommendationV1 = z.infer<typeof identityContainmentRecommendationV1Schema>;

/** The wish to contain an identity, before and after its approval. */
export const identityContainmentIntentV1Schema = z.strictObject({
  intent_id: z.string(),
  recommendation_id: z.string(),
  subject_id: z.string(),
  scope: identityContainmentScopeV1Schema,
  intent_type: z.string(),
  approval_status: z.string().default('pending'),
  approval_id: optionalTextSchema,
  approval_level: z.string().default('A2'),
  requested_by: z.string(),
  created_at_utc: legacyTimeSchema,
  expires_at_utc: legacyTimeSchema,
  execution_status: z.string().default('pending'),
  metadata: openObjectSchema,
});
export type IdentityContainmentIntentV1 = z.infer<typeof identityContainmentIntentV1Schema>;

/** A containment that took effect. */
export const identityContainmentAppliedRecordV1Schema = z.strictObject({
  record_id: z.string(),
  intent_id: z.string(),
  subject_id: z.string(),
  scope_id: z.string(),
  applied_at_utc: legacyTimeSchema,
  applied_by: z.string(),
  effectors_used: openTextListSchema,
  ttl_seconds: z.int(),
  expires_at_utc: legacyTimeSchema,
  status: z.string().default('active'),
  metadata: openObjectSchema,
});
export type IdentityContainmentAppliedRecordV1 = z.infer<typeof identityContainmentAppliedRecordV1Schema>;

/** A containment that was taken back. */
export const identityContainmentRevertedRecordV1Schema = z.strictObject({
  record_id: z.string(),
  applied_record_id: z.string(),
  intent_id: z.string(),
  subject_id: z.string(),
  reverted_at_utc: legacyTimeSchema,
  reverted_by: z.string(),
  reason: z.string(),
  metadata: openObjectSchema,
});
export type IdentityContainmentRevertedRecordV1 = z.infer<typeof identityContainmentRevertedRecordV1Schema>;
