import { expect, test } from 'vitest';
import { TIME, testModel } from '../../test/model-laws.ts';
import { approvalRecordSchema, approvalStatusSchema, policyDecisionSchema, policyRuleSchema } from './policy.ts';

testModel('PolicyDecision', {
  schema: policyDecisionSchema,
  required: { verdict: 'deny' },
  defaults: {
    decision_id: '44GF9H3H2XPT92VY5XTAHGKPXK',
    rationale: null,
    evidence: {},
    confidence: null,
    approval_required: false,
    policy_version: null,
    metadata: {},
  },
  nullable: ['evidence'],
  order: 'decision_id verdict rationale evidence confidence approval_required policy_version metadata',
  invalid: [
    [{ verdict: 'require_quorum' }, '/verdict'],
    [{ verdict: 'ALLOW' }, '/verdict'],
    [{ confidence: Number.NaN }, '/confidence'],
    [{ evidence: [] }, '/evidence'],
  ],
});

test('a confidence has no range in a decision of the ancestor', () => {
  expect(policyDecisionSchema.parse({ verdict: 'allow', confidence: 7.5 }).confidence).toBe(7.5);
});

testModel('PolicyRule', {
  schema: policyRuleSchema,
  required: { rule_id: 'r', description: 'd' },
  defaults: { allowed_domains: null, allowed_methods: null, require_approval: false, tenant_id: null },
  order: 'rule_id description allowed_domains allowed_methods require_approval tenant_id',
  invalid: [
    [{ allowed_domains: 'example.com' }, '/allowed_domains'],
    [{ allowed_methods: [null] }, '/allowed_methods/0'],
  ],
});

testModel('ApprovalRecord', {
  schema: approvalRecordSchema,
  required: { intent_id: 'i', decision: 'APPROVE', decided_by: 'op', decided_at: TIME },
  defaults: { reason: null },
  order: 'intent_id decision decided_by decided_at reason',
  invalid: [
    [{ decision: 'approve' }, '/decision'],
    [{ decision: 'APROVED' }, '/decision'],
    [{ decided_at: 'today' }, '/decided_at'],
  ],
});

test('an approval is in one of five states', () => {
  expect(approvalStatusSchema.options).toEqual(['not_required', 'pending', 'approved', 'denied', 'expired']);
});
