import { z } from 'zod';
import { jsonValueSchema } from './v1/scalars.ts';

/**
 * An event as the ancestor's replay engine reads it. It has no time, and its hash covers the payload alone. An empty
 * `payload_hash` was computed when the event was made; whether a given one is right is the verifier's question.
 */
export const canonicalEventSchema = z.strictObject({
  event_id: z.string(),
  event_type: z.string(),
  actor: z.string(),
  correlation_id: z.string(),
  /** An object by convention; the ancestor accepted any value. */
  payload: jsonValueSchema,
  payload_hash: z.string(),
  sequence_number: z.int().nullable().default(null),
  parent_event_id: z.string().nullable().default(null),
  cell_id: z.string().default(''),
  tenant_id: z.string().default(''),
  trace_id: z.string().default(''),
});
export type CanonicalEvent = z.infer<typeof canonicalEventSchema>;
