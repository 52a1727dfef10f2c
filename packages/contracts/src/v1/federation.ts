import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';
import {
  legacyTimeSchema,
  openObjectSchema,
  openTextListSchema,
  optionalTextSchema,
  optionalTimeSchema,
  unitIntervalSchema,
} from './scalars.ts';

/** What a cell may do in a federation. */
export const federationRoleSchema = z.enum(['member', 'coordinator', 'observer']);
export type FederationRole = z.infer<typeof federationRoleSchema>;

/** Standing of a cell in a federation. */
export const cellStatusSchema = z.enum(['active', 'inactive', 'suspended', 'decommissioned']);
export type CellStatus = z.infer<typeof cellStatusSchema>;

/** States of the ancestor's handshake. */
export const handshakeStateSchema = z.enum([
  'uninitialized',
  'identity_exchange',
  'capability_negotiation',
  'trust_establishment',
  'confirmed',
  'active',
  'failed_identity',
  'failed_identity_verification',
  'failed_capabilities',
  'failed_trust',
  'failed_protocol_violation',
  'failed_timeout',
  'failed_nonce_reuse',
  'failed_timestamp_skew',
  'failed_signature',
  'suspended',
]);
export type HandshakeState = z.infer<typeof handshakeStateSchema>;

/** Why the ancestor refuses a federation message. */
export const verificationFailureReasonSchema = z.enum([
  'invalid_signature',
  'key_mismatch',
  'nonce_reuse',
  'timestamp_out_of_bounds',
  'unknown_key_id',
  'schema_validation_failed',
  'missing_signature',
]);
export type VerificationFailureReason = z.infer<typeof verificationFailureReasonSchema>;

/** What a dispute between cells is about. */
export const arbitrationConflictTypeSchema = z.enum([
  'threat_classification',
  'system_health',
  'confidence_dispute',
  'evidence_conflict',
  'policy_violation',
  'trust_dispute',
]);
export type ArbitrationConflictType = z.infer<typeof arbitrationConflictTypeSchema>;

/** Where an arbitration stands. */
export const arbitrationStatusSchema = z.enum(['open', 'resolved', 'rejected', 'expired']);
export type ArbitrationStatus = z.infer<typeof arbitrationStatusSchema>;

/** A cell as its peers know it. Self-declared: `trust_score` and `federation_role` are claims, not facts. */
export const federateIdentityV1Schema = z.strictObject({
  schema_version: z.string().default('2.0.0'),
  /** `cell-` and at least four parts between dashes; parts may be empty. */
  federate_id: z.string().regex(/^cell-[^-]*-[^-]*-/),
  /** Base64 of a raw Ed25519 key by convention; the shape does not check it. */
  public_key: z.string(),
  key_id: z.string(),
  certificate_chain: z.array(z.string()),
  federation_role: federationRoleSchema.default('member'),
  capabilities: z.array(z.string()),
  trust_score: unitIntervalSchema.default(0.8),
  last_seen: legacyTimeSchema,
  status: cellStatusSchema.default('active'),
  created_at: legacyTimeSchema,
  updated_at: legacyTimeSchema,
});
export type FederateIdentityV1 = z.infer<typeof federateIdentityV1Schema>;

/** A nonce a cell has issued or seen. */
export const federateNonceV1Schema = z.strictObject({
  schema_version: z.string().default('2.0.0'),
  nonce: z.string(),
  federate_id: z.string(),
  created_at: legacyTimeSchema,
  expires_at: legacyTimeSchema,
  used: z.boolean().default(false),
});
export type FederateNonceV1 = z.infer<typeof federateNonceV1Schema>;

/** One handshake in progress. */
export const handshakeSessionV1Schema = z.strictObject({
  federate_id: z.string(),
  correlation_id: z.string(),
  state: handshakeStateSchema,
  step_index: z.int().default(0),
  created_at: legacyTimeSchema,
  updated_at: legacyTimeSchema,
  expires_at: optionalTimeSchema,
});
export type HandshakeSessionV1 = z.infer<typeof handshakeSessionV1Schema>;

/** A dispute between the claims of several cells, and how it was settled. */
export const arbitrationV1Schema = z.strictObject({
  schema_version: z.string().default('2.0.0'),
  arbitration_id: z.string(),
  created_at_utc: legacyTimeSchema,
  status: arbitrationStatusSchema,
  conflict_type: arbitrationConflictTypeSchema,
  subject_key: z.string(),
  conflict_key: z.string(),
  claims: z.array(jsonObjectSchema),
  evidence_refs: openTextListSchema,
  correlation_id: optionalTextSchema,
  conflicts_detected: z.array(jsonObjectSchema).default(() => []),
  proposed_resolution: jsonObjectSchema.nullable().default(null),
  decision: jsonObjectSchema.nullable().default(null),
  approval_id: optionalTextSchema,
  resolved_at_utc: optionalTimeSchema,
  resolver_federate_id: optionalTextSchema,
  resolution_applied_at_utc: optionalTimeSchema,
  metadata: openObjectSchema,
});
export type ArbitrationV1 = z.infer<typeof arbitrationV1Schema>;
