import { z } from 'zod';
import { actionClassSchema } from '../intent.ts';
import { jsonObjectSchema } from '../primitives.ts';
import { legacyTimeSchema, severitySchema, ulidSchema, unitIntervalSchema } from './scalars.ts';

/** How a cell judges what it has seen. */
export const classificationSchema = z.enum(['benign', 'suspicious', 'malicious']);
export type Classification = z.infer<typeof classificationSchema>;

/** What one cell concludes from its facts, and what it would do about it. */
export const localDecisionV1Schema = z.strictObject({
  schema_version: z.string(),
  decision_id: ulidSchema,
  tenant_id: z.string(),
  cell_id: z.string(),
  subject: jsonObjectSchema,
  classification: classificationSchema,
  severity: severitySchema,
  confidence: unitIntervalSchema,
  /** By convention each has `intent_type`, `action_class`, `ttl_seconds` and `parameters`. */
  recommended_intents: z.array(jsonObjectSchema).default(() => []),
  evidence_refs: jsonObjectSchema,
  correlation_id: z.string(),
  trace_id: z.string(),
});
export type LocalDecisionV1 = z.infer<typeof localDecisionV1Schema>;

/** An action a cell of the ancestor wants to execute. */
export const executionIntentV1Schema = z.strictObject({
  schema_version: z.string(),
  intent_id: ulidSchema,
  tenant_id: z.string(),
  cell_id: z.string(),
  idempotency_key: z.string(),
  subject: jsonObjectSchema,
  intent_type: z.string(),
  action_class: actionClassSchema,
  requested_at: legacyTimeSchema,
  /** Without bounds in the ancestor, negative included. */
  ttl_seconds: z.int().nullable().default(null),
  parameters: jsonObjectSchema.nullable().default(null),
  policy_context: jsonObjectSchema,
  /** By convention `safety_verdict`, `rationale`, `quorum_status` and `human_approval_id`. */
  safety_context: jsonObjectSchema,
  correlation_id: z.string(),
  trace_id: z.string(),
});
export type ExecutionIntentV1 = z.infer<typeof executionIntentV1Schema>;
