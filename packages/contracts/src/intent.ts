import { z } from 'zod';
import {
  actionTypeSchema,
  digestSchema,
  identifierSchema,
  jsonObjectSchema,
  lineSchema,
  scopeNameSchema,
  timeSchema,
} from './primitives.ts';

/** How far an action reaches, from reading to what cannot be undone. */
export const actionClassSchema = z.enum([
  'A0_observe',
  'A1_soft_containment',
  'A2_hard_containment',
  'A3_irreversible',
]);
export type ActionClass = z.infer<typeof actionClassSchema>;

/** Domain of the intent digest: SHA-256 of the domain, a zero byte and the canonical bytes of the whole intent. */
export const INTENT_DIGEST_DOMAIN = 'exoarmur.intent/1';

/** Domain of the digest of an intent's `parameters`, for those who state them beside the whole. */
export const PARAMETERS_DIGEST_DOMAIN = 'exoarmur.parameters/1';

/** Largest canonical size of one intent, in bytes. */
export const MAX_INTENT_BYTES = 1_048_576;

/**
 * Deepest nesting of an intent, and of what an executor reports. Below the reader's 64, because both travel inside a proof
 * bundle and an envelope must not make them unreadable.
 */
export const MAX_CARRIED_DEPTH = 48;

/**
 * What an agent wants to do, before anybody agreed to it. Normalised and digested once; policy, approval, execution and
 * log see those bytes only.
 */
export const actionIntentSchema = z.strictObject({
  schema: z.literal('exoarmur.intent/1'),
  intent_id: identifierSchema,
  correlation_id: identifierSchema,
  trace_id: identifierSchema.nullable(),
  tenant_id: scopeNameSchema,
  cell_id: scopeNameSchema,
  actor_id: identifierSchema,
  actor_type: z.enum(['agent', 'human', 'service']),
  action_type: actionTypeSchema,
  action_class: actionClassSchema,
  target: lineSchema(4096).min(1),
  parameters: jsonObjectSchema,
  safety_context: jsonObjectSchema,
  reason: lineSchema(1024),
  /** Passed on to the executor and recorded; what stands for one effect is `intent_id`, and nothing else. */
  idempotency_key: identifierSchema
    .nullable()
    .describe('passed on only; the boundary tells actions apart by intent_id'),
  timestamp: timeSchema,
  /** The action this one is an edit of; it is decided and approved anew, and that one will never run. */
  revises: z.strictObject({ intent_id: identifierSchema, intent_digest: digestSchema }).optional(),
});
export type ActionIntent = z.infer<typeof actionIntentSchema>;
