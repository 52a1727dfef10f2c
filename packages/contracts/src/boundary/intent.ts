import { z } from 'zod';
import { legacyTimeSchema, openObjectSchema } from '../v1/scalars.ts';

/** An action intent as the Python ancestor had it: free texts, no correlation, no class, no idempotency key. */
export const legacyActionIntentSchema = z.strictObject({
  intent_id: z.string(),
  actor_id: z.string(),
  actor_type: z.string(),
  action_type: z.string(),
  target: z.string(),
  parameters: openObjectSchema,
  safety_context: openObjectSchema,
  timestamp: legacyTimeSchema,
  tenant_id: z.string().default(''),
  cell_id: z.string().default(''),
});
export type LegacyActionIntent = z.infer<typeof legacyActionIntentSchema>;
