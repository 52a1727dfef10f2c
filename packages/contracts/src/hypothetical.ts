import { z } from 'zod';
import { decisionSchema, verdictSchema } from './decision.ts';
import { engineIdentitySchema, policySetSchema } from './policy-set.ts';
import { digestSchema, identifierSchema } from './primitives.ts';

/** A JSON pointer (RFC 6901) of at most 1,024 characters. */
const pointerSchema = z
  .string()
  .max(1024)
  .regex(/^(?:\/(?:[^/~]|~[01])*)*$/);

/** How a hypothetical verdict stands to the recorded one. Anything that asks less of anybody is looser. */
export const verdictShiftSchema = z.enum(['same', 'tighter', 'looser', 'not_decidable']);
export type VerdictShift = z.infer<typeof verdictShiftSchema>;

/**
 * One change of what a decision reads. With `recorded`, the changed member must have held that value; a member that was not
 * there is added. An absent `value` removes it.
 */
export const interventionSchema = z.discriminatedUnion('on', [
  z.strictObject({
    on: z.enum(['intent', 'facts']),
    pointer: pointerSchema.min(1),
    recorded: z.json().optional(),
    value: z.json().optional(),
  }),
  z.strictObject({
    on: z.literal('switch'),
    name: z.enum(['global', 'tenant', 'actor', 'action_class']),
    recorded: z.enum(['clear', 'engaged', 'unknown']).optional(),
    value: z.enum(['clear', 'engaged', 'unknown']),
  }),
  z.strictObject({
    on: z.literal('policy_set'),
    recorded: digestSchema.optional(),
    value: policySetSchema,
  }),
]);
export type Intervention = z.infer<typeof interventionSchema>;

/** A decision that was never taken. Its schema name keeps it from being read as one that was. */
export const hypotheticalDecisionSchema = decisionSchema.extend({
  schema: z.literal('exoarmur.hypothetical-decision/1'),
});
export type HypotheticalDecision = z.infer<typeof hypotheticalDecisionSchema>;

/** One place where recorded and hypothetical decision differ; canonical JSON of at most 160 characters, null for absent. */
export const decisionDifferenceSchema = z.strictObject({
  pointer: z.string(),
  recorded: z.string().nullable(),
  hypothetical: z.string().nullable(),
});
export type DecisionDifference = z.infer<typeof decisionDifferenceSchema>;

/** One decision of the recorded action, taken again under the changes. */
export const hypotheticalStepSchema = z.strictObject({
  /** `seq` of the recorded `verdict_resolved`. */
  record: z.int().min(0),
  recorded_digest: digestSchema,
  recorded_verdict: verdictSchema,
  shift: verdictShiftSchema,
  /** Null when the changed action would have ended before this decision. */
  decision: hypotheticalDecisionSchema.nullable(),
  differences: z.array(decisionDifferenceSchema).max(64),
});
export type HypotheticalStep = z.infer<typeof hypotheticalStepSchema>;

/**
 * What would have been decided. It is no record: it has no chain, no seal and no signature, and no reader of records,
 * decisions or bundles accepts it. It names the evidence that it started from.
 */
export const hypotheticalTrailSchema = z.strictObject({
  schema: z.literal('exoarmur.hypothetical-trail/1'),
  hypothetical: z.literal(true),
  /** Digest of the bundle file, which had to verify before anything was changed. */
  original_digest: digestSchema,
  stream: identifierSchema,
  engine: engineIdentitySchema,
  interventions: z.array(
    z.strictObject({
      on: z.string(),
      pointer: z.string(),
      recorded: z.string().nullable(),
      value: z.string().nullable(),
    }),
  ),
  assumptions: z.array(z.enum(['approvals_dropped', 'approvals_kept', 'later_facts_kept'])),
  outcome: z.enum(['same_outcome', 'different_outcome']),
  recorded_end: z.enum(['permitted', 'waiting', 'denied']),
  hypothetical_end: z.enum(['permitted', 'waiting', 'denied']),
  steps: z.array(hypotheticalStepSchema).min(1).max(10_000),
});
export type HypotheticalTrail = z.infer<typeof hypotheticalTrailSchema>;
