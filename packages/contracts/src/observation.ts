import { z } from 'zod';
import { decisionSchema, verdictSchema } from './decision.ts';
import { actionIntentSchema } from './intent.ts';
import { digestSchema, timeSchema } from './primitives.ts';

/** What a boundary that only watches would have made of an action, as a fact of the cell. It governed nothing. */
export const observedActionSchema = z.strictObject({
  schema: z.literal('exoarmur.action-observed/1'),
  /** Always false: what the action did, it did without a boundary. */
  enforced: z.literal(false),
  intent: actionIntentSchema,
  intent_digest: digestSchema,
  would_be: z.enum([...verdictSchema.options, 'undecided']),
  decision_digest: digestSchema.nullable(),
  decision: decisionSchema.nullable(),
  time: timeSchema,
});
export type ObservedAction = z.infer<typeof observedActionSchema>;
