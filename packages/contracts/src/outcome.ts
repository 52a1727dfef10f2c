import { z } from 'zod';
import { executorIdentitySchema } from './grant.ts';
import { digestSchema, jsonObjectSchema, lineSchema } from './primitives.ts';

/** `ambiguous`: the grant was redeemed and nobody knows whether the effect happened (crash or time-out). */
export const outcomeStatusSchema = z.enum(['succeeded', 'failed', 'ambiguous']);
export type OutcomeStatus = z.infer<typeof outcomeStatusSchema>;

/** Domain of the outcome digest, over the canonical bytes of the whole outcome. */
export const OUTCOME_DIGEST_DOMAIN = 'exoarmur.outcome/1';

/** Domain of the digest of what an executor returned. */
export const RESULT_DIGEST_DOMAIN = 'exoarmur.result/1';

/** A limit that an executor ran into: a stable name such as `wall_clock`, `memory`, `output`, `network`, and what was seen. */
export const limitBreachSchema = z.strictObject({
  limit: z.string().regex(/^[a-z][a-z0-9_]{2,63}$/),
  detail: lineSchema(256),
});
export type LimitBreach = z.infer<typeof limitBreachSchema>;

/** What came of a redeemed grant: what the executor claims, and what was observed afterwards. */
export const outcomeSchema = z.strictObject({
  schema: z.literal('exoarmur.outcome/1'),
  intent_digest: digestSchema,
  grant_digest: digestSchema,
  status: outcomeStatusSchema,
  /** Stable code of the failure or doubt; null when succeeded. */
  error_code: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{2,63}$/)
    .nullable(),
  /** Digest of `{claimed, observed}` under `exoarmur.result/1`. */
  result_digest: digestSchema,
  claimed: jsonObjectSchema,
  observed: jsonObjectSchema,
  /** Limits the executor was stopped for; absent when there were none. */
  breaches: z.array(limitBreachSchema).min(1).max(16).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** Whether the executor's own rules accept the target; only `valid` goes on. */
export const targetVerdictSchema = z.enum(['valid', 'invalid', 'unsupported', 'violates_constraints']);
export type TargetVerdict = z.infer<typeof targetVerdictSchema>;

/** UTF-16 units of the reason that an executor gives. */
export const MAX_REASON_LENGTH = 1024;

/** The executor's answer about the target, asked before any authority exists. */
export const targetValidationSchema = z.strictObject({
  schema: z.literal('exoarmur.target-validation/1'),
  intent_digest: digestSchema,
  executor: executorIdentitySchema,
  result: targetVerdictSchema,
  reason: lineSchema(MAX_REASON_LENGTH),
  evidence: jsonObjectSchema,
});
export type TargetValidation = z.infer<typeof targetValidationSchema>;
