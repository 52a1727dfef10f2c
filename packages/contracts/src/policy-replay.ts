import { z } from 'zod';
import { verdictSchema } from './decision.ts';
import { verdictShiftSchema } from './hypothetical.ts';
import { engineIdentitySchema } from './policy-set.ts';
import { digestSchema, identifierSchema, lineSchema } from './primitives.ts';

/** Most accepted flips that one review file lists. */
export const MAX_REVIEWED_FLIPS = 100_000;

/**
 * Looser flips that a person has looked at and accepts, for one proposed policy set and no other. An entry accepts one flip of
 * one recorded decision.
 */
export const policyReviewSchema = z.strictObject({
  schema: z.literal('exoarmur.policy-review/1'),
  /** The proposed policy set. */
  policy_digest: digestSchema,
  accepted: z
    .array(
      z.strictObject({
        /** Digest of the recorded decision. */
        decision_digest: digestSchema,
        recorded: verdictSchema,
        proposed: verdictSchema,
        reason: lineSchema(1024).min(1),
      }),
    )
    .max(MAX_REVIEWED_FLIPS),
});
export type PolicyReview = z.infer<typeof policyReviewSchema>;

/** One recorded decision that the proposed policy set would not take alike, or could not be asked about. */
export const policyFlipSchema = z.strictObject({
  stream: identifierSchema,
  seq: z.int().min(0),
  decision_digest: digestSchema.nullable(),
  action_type: z.string().max(64).nullable(),
  shift: verdictShiftSchema,
  recorded: verdictSchema.nullable(),
  proposed: verdictSchema.nullable(),
  /** Why it is looser although the verdict is the same, or why it could not be decided. */
  code: z
    .string()
    .regex(/^[a-z][a-z0-9_]{2,63}$/)
    .nullable(),
  accepted: z.boolean(),
});
export type PolicyFlip = z.infer<typeof policyFlipSchema>;

/** What a proposed policy set would have done to recorded decisions. */
export const policyReplaySchema = z.strictObject({
  schema: z.literal('exoarmur.policy-replay/1'),
  /** PASS when nothing is unreviewed and looser, and everything could be decided or was exempted by the caller. */
  verdict: z.enum(['PASS', 'FAIL']),
  policy_digest: digestSchema,
  engine: engineIdentitySchema,
  totals: z.strictObject({
    decisions: z.int().min(0),
    same: z.int().min(0),
    tighter: z.int().min(0),
    looser: z.int().min(0),
    looser_accepted: z.int().min(0),
    not_decidable: z.int().min(0),
  }),
  /** Whether decisions that could not be taken again were allowed not to matter. */
  undecidable_exempted: z.boolean(),
  /** Review entries that no flip needed. */
  reviews_unused: z.int().min(0),
  assumptions: z.array(z.enum(['approvals_kept'])),
  /** Counts by action type and verdicts, sorted. */
  table: z.array(
    z.strictObject({
      action_type: z.string().max(64).nullable(),
      recorded: verdictSchema.nullable(),
      proposed: verdictSchema.nullable(),
      shift: verdictShiftSchema,
      count: z.int().min(1),
    }),
  ),
  /** The first flips in the order of the log: looser ones, then not decidable, then tighter, 1,000 of each at most. */
  flips: z.array(policyFlipSchema).max(3000),
});
export type PolicyReplay = z.infer<typeof policyReplaySchema>;
