import { z } from 'zod';
import { budgetFactsSchema } from './budget.ts';
import { actionClassSchema } from './intent.ts';
import { engineIdentitySchema } from './policy-set.ts';
import {
  actionTypeSchema,
  digestSchema,
  identifierSchema,
  keyedSchema,
  lineSchema,
  milliSchema,
  timeSchema,
} from './primitives.ts';

/** What may happen to an action. `allow` is the only verdict that leads to an effect without a person. */
export const verdictSchema = z.enum(['deny', 'require_approval', 'require_quorum', 'require_human', 'allow']);
export type Verdict = z.infer<typeof verdictSchema>;

/** What the policies alone say. `defer` is no opinion, and no opinion denies. */
export const pdpVerdictSchema = z.enum(['deny', 'require_approval', 'defer', 'allow']);
export type PdpVerdict = z.infer<typeof pdpVerdictSchema>;

/** What the safety gate says. */
export const safetyVerdictSchema = z.enum(['deny', 'block', 'warn', 'require_quorum', 'require_human', 'allow']);
export type SafetyVerdict = z.infer<typeof safetyVerdictSchema>;

/** State of one kill switch at the moment of the decision. Anything but `clear` stops the action. */
export const switchStateSchema = z.enum(['clear', 'engaged', 'unknown']);
export type SwitchState = z.infer<typeof switchStateSchema>;

/** A signed approval as the decision saw it: only what was verified, by digest of its envelope. */
export const approvalFactSchema = z.strictObject({
  approval_digest: digestSchema,
  verdict: z.enum(['approve', 'deny']),
  /** Approver's key id, eight hexadecimal digits. */
  key_id: z.string().regex(/^[0-9a-f]{8}$/),
  approver_id: identifierSchema,
  roles: z.array(identifierSchema).max(32),
  expires_at: timeSchema,
  /** Present when this is a use of a standing grant and nobody was asked: which one of how many. */
  standing_grant: z.strictObject({ use: z.int().min(1).max(10_000), max_uses: z.int().min(1).max(10_000) }).optional(),
});
export type ApprovalFact = z.infer<typeof approvalFactSchema>;

/** A fact about feature flags by name. */
function flagFactSchema<Value extends z.ZodType>(value: Value) {
  return keyedSchema(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), value)
    .refine((flags) => Object.keys(flags).length <= 64, 'at most 64 flags')
    .describe('not expressed here: at most 64 members');
}

const countSchema = z.int().min(0);
const endCountsSchema = z.strictObject({
  completed: countSchema,
  failed: countSchema,
  ambiguous: countSchema,
  /** Denied by the policies or by a person; what the cell itself stopped is not among them. */
  denied: countSchema,
});

/** What somebody says about a threat, to be classified. */
export const threatSignalSchema = z.strictObject({
  threat_type: z.enum(['malware', 'phishing', 'command_control', 'data_exfiltration', 'anomaly']),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  confidence_milli: milliSchema,
});
export type ThreatSignal = z.infer<typeof threatSignalSchema>;

/**
 * Every value, besides the intent and the policy set, that the decision reads. A fact that could not be had is null or
 * `unknown`, and the gate denies on it: a missing fact never widens.
 */
export const factsSchema = z.strictObject({
  schema: z.literal('exoarmur.facts/1'),
  /** The moment of the decision, from the injected clock. */
  time: timeSchema,
  /** Whether the policy set came through a verified channel. */
  policy_verified: z.boolean(),
  switches: z.strictObject({
    global: switchStateSchema,
    tenant: switchStateSchema,
    actor: switchStateSchema,
    action_class: switchStateSchema,
  }),
  /** Trust in the emitter in thousandths. */
  trust_milli: milliSchema.nullable(),
  environment: z.strictObject({
    degraded: z.boolean().nullable(),
    cell_load_milli: milliSchema.nullable(),
    network_health_milli: milliSchema.nullable(),
    resource_availability_milli: milliSchema.nullable(),
  }),
  approvals: z.array(approvalFactSchema).max(64),
  /** What federated cells say about the same matter; absent where the cell has no peers, null when it could not be had. */
  collective: z
    .strictObject({
      aggregate_milli: milliSchema,
      /** Distinct, live, authenticated cells behind the aggregate. */
      quorum_count: z.int().min(0).max(4096),
      conflict_detected: z.boolean(),
    })
    .nullable()
    .optional(),
  /** The signed bundle whose policies govern, and why it does not stand well; absent where policies come otherwise. */
  policy_bundle: z
    .strictObject({
      bundle_digest: digestSchema,
      version: z.int().min(1),
      reason: z
        .string()
        .regex(/^[a-z_]{1,32}$/)
        .nullable(),
    })
    .optional(),
  /** Every feature flag as it is settled; absent where nobody says. */
  flags: flagFactSchema(z.boolean()).optional(),
  /** Where the flags come from that are not at their default. */
  flag_sources: flagFactSchema(z.enum(['configuration', 'environment'])).optional(),
  /** Whether the executor declares that it can take the effect back; absent counts as no. */
  reversible: z.boolean().optional(),
  /**
   * Least class of the action as the executor's manifest declares it, so that nobody is spared on the requester's word;
   * null or absent when it declares none, as in decisions made before there was a floor.
   */
  action_class_floor: actionClassSchema.nullable().optional(),
  /** Where the budgets stood that the action falls under; absent where the boundary keeps none. */
  budgets: budgetFactsSchema.optional(),
  /** How earlier actions of the actor and of the correlation ended; absent where nobody counts, null when it could not be had. */
  history: z
    .strictObject({
      actor: endCountsSchema,
      correlation: endCountsSchema,
      /** Action types of which one was completed in the correlation, in ascending order. */
      completed_types: z.array(actionTypeSchema).max(64),
    })
    .nullable()
    .optional(),
  /** The class of the threat that the action answers to; absent where nobody classifies, null when it could not be had. */
  threat: z
    .strictObject({
      class: z.enum(['ignore', 'simulate', 'escalate']),
      /** 0 to 10, in thousandths; null for a signal that cannot be weighed. */
      threat_milli: z.int().min(0).max(10_000).nullable(),
      risk_milli: milliSchema.nullable(),
    })
    .nullable()
    .optional(),
});
export type Facts = z.infer<typeof factsSchema>;

/** Who has to agree before an action may run, as the policies ask for it; several demands merge to the strictest. */
export const approvalRequirementSchema = z.strictObject({
  kind: z.enum(['human', 'quorum']),
  /** Number of distinct approver keys, 1 for `human`. */
  quorum: z.int().min(1).max(16),
  roles: z.array(identifierSchema).max(32),
  ttl_seconds: z.int().min(1).max(2_592_000),
});
export type ApprovalRequirement = z.infer<typeof approvalRequirementSchema>;

/** Answer of the policies: verdict, why, and who must agree. Lists are sorted and free of duplicates. */
export const pdpResultSchema = z.strictObject({
  verdict: pdpVerdictSchema,
  rationale: lineSchema(1024),
  determining_policies: z.array(z.string().max(128)).max(4096),
  errored_policies: z.array(z.string().max(128)).max(4096),
  approval_requirement: approvalRequirementSchema.nullable(),
});
export type PdpResult = z.infer<typeof pdpResultSchema>;

/** Answer of the safety gate. */
export const safetyResultSchema = z.strictObject({
  verdict: safetyVerdictSchema,
  rationale: lineSchema(1024),
  rule_ids: z.array(z.string().max(64)).max(64),
});
export type SafetyResult = z.infer<typeof safetyResultSchema>;

/** Domain of the decision digest, over the canonical bytes of the whole decision. */
export const DECISION_DIGEST_DOMAIN = 'exoarmur.decision/1';

/** The verdict on one intent with everything it rests on. Same intent, facts, policy set and engine: same bytes. */
export const decisionSchema = z.strictObject({
  schema: z.literal('exoarmur.decision/1'),
  intent_digest: digestSchema,
  verdict: verdictSchema,
  pdp: pdpResultSchema,
  safety: safetyResultSchema,
  resolution_rules_applied: z.array(z.string().max(64)).min(1).max(16),
  policy_digest: digestSchema,
  engine: engineIdentitySchema,
  facts: factsSchema,
});
export type Decision = z.infer<typeof decisionSchema>;
