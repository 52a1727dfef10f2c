import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';
import {
  legacyTimeSchema,
  openObjectSchema,
  openTextListSchema,
  optionalTextSchema,
  severitySchema,
  ulidSchema,
  unitIntervalSchema,
} from './scalars.ts';

/** A belief as one cell tells it to others; it stops to count `ttl_seconds` (30 to 86400) after `first_seen`. */
export const beliefTelemetryV1Schema = z.strictObject({
  schema_version: z.string(),
  belief_id: ulidSchema,
  tenant_id: z.string(),
  emitter_node_id: z.string(),
  subject: jsonObjectSchema,
  claim_type: z.string(),
  confidence: unitIntervalSchema,
  severity: severitySchema,
  evidence_refs: jsonObjectSchema,
  policy_context: jsonObjectSchema,
  ttl_seconds: z.int().min(30).max(86_400),
  first_seen: legacyTimeSchema,
  last_seen: legacyTimeSchema,
  correlation_id: z.string(),
  trace_id: z.string(),
});
export type BeliefTelemetryV1 = z.infer<typeof beliefTelemetryV1Schema>;

/** A belief aggregated from the observations of several cells. */
export const beliefV1Schema = z.strictObject({
  schema_version: z.string().default('2.0.0'),
  belief_id: z.string(),
  belief_type: z.string(),
  confidence: unitIntervalSchema,
  source_observations: z.array(z.string()),
  derived_at: legacyTimeSchema,
  correlation_id: optionalTextSchema,
  evidence_summary: z.string(),
  conflicts: openTextListSchema,
  metadata: openObjectSchema,
});
export type BeliefV1 = z.infer<typeof beliefV1Schema>;
