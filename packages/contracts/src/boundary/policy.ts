import { z } from 'zod';
import { pdpVerdictSchema } from '../decision.ts';
import { jsonObjectSchema } from '../primitives.ts';
import { legacyTimeSchema, openObjectSchema, optionalTextSchema } from '../v1/scalars.ts';

/** Id the ancestor gives a decision made without an id: the same for every one of them, so it identifies nothing. */
export const CONSTANT_DECISION_ID = '44GF9H3H2XPT92VY5XTAHGKPXK';

/** What the ancestor's policy decision point answers. `confidence` has no range. */
export const policyDecisionSchema = z.strictObject({
  decision_id: z.string().default(CONSTANT_DECISION_ID),
  verdict: pdpVerdictSchema,
  rationale: optionalTextSchema,
  evidence: jsonObjectSchema.nullable().default(() => ({})),
  confidence: z.number().nullable().default(null),
  approval_required: z.boolean().default(false),
  policy_version: optionalTextSchema,
  metadata: openObjectSchema,
});
export type PolicyDecision = z.infer<typeof policyDecisionSchema>;

const optionalTextsSchema = z.array(z.string()).nullable().default(null);

/** One rule of the ancestor's simple policy. A null or empty list does not constrain. */
export const policyRuleSchema = z.strictObject({
  rule_id: z.string(),
  description: z.string(),
  allowed_domains: optionalTextsSchema,
  allowed_methods: optionalTextsSchema,
  require_approval: z.boolean().default(false),
  tenant_id: optionalTextSchema,
});
export type PolicyRule = z.infer<typeof policyRuleSchema>;

/** What somebody answered about an intent. Unsigned and bound to an id only. */
export const approvalRecordSchema = z.strictObject({
  intent_id: z.string(),
  decision: z.enum(['APPROVE', 'DENY']),
  decided_by: z.string(),
  decided_at: legacyTimeSchema,
  reason: optionalTextSchema,
});
export type ApprovalRecord = z.infer<typeof approvalRecordSchema>;

/** Where the approval of an intent stands. */
export const approvalStatusSchema = z.enum(['not_required', 'pending', 'approved', 'denied', 'expired']);
export type ApprovalStatus = z.infer<typeof approvalStatusSchema>;
