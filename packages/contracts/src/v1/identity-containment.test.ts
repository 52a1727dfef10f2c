import { expect, test } from 'vitest';
import { TIME, testModel } from '../../test/model-laws.ts';
import {
  identityContainmentAppliedRecordV1Schema,
  identityContainmentIntentV1Schema,
  identityContainmentRecommendationV1Schema,
  identityContainmentRevertedRecordV1Schema,
  identityContainmentScopeV1Schema,
  identityContainmentStatusV1Schema,
  identitySubjectV1Schema,
} from './identity-containment.ts';

testModel('IdentitySubjectV1', {
  schema: identitySubjectV1Schema,
  required: { subject_id: 's', subject_type: 'user', tenant_id: 't', last_activity_utc: TIME },
  defaults: { containment_scope: 'none', risk_score: 0, metadata: {} },
  order: 'subject_id subject_type tenant_id containment_scope risk_score last_activity_utc metadata',
  invalid: [[{ risk_score: 1.01 }, '/risk_score']],
});

const scope = { scope_id: 's', scope_type: 'sessions', severity_level: 'high', ttl_seconds: 1 };
const scopeDefaults = {
  auto_expire: true,
  requires_approval: true,
  approval_level: 'A2',
  effectors: [],
  conditions: {},
  metadata: {},
};
const wholeScope = { ...scope, ...scopeDefaults };

testModel('IdentityContainmentScopeV1', {
  schema: identityContainmentScopeV1Schema,
  required: scope,
  defaults: scopeDefaults,
  order:
    'scope_id scope_type severity_level ttl_seconds auto_expire requires_approval approval_level effectors conditions metadata',
  invalid: [
    [{ ttl_seconds: 0 }, '/ttl_seconds'],
    [{ ttl_seconds: -1 }, '/ttl_seconds'],
    [{ requires_approval: 'no' }, '/requires_approval'],
  ],
});

testModel('IdentityContainmentRecommendationV1', {
  schema: identityContainmentRecommendationV1Schema,
  required: {
    recommendation_id: 'r',
    subject_id: 's',
    scope: wholeScope,
    confidence_score: 0.9,
    recommended_by: 'analyst',
    generated_at_utc: TIME,
    expires_at_utc: TIME,
  },
  defaults: { risk_assessment: {}, evidence_refs: [], status: 'pending', metadata: {} },
  order:
    'recommendation_id subject_id scope confidence_score risk_assessment evidence_refs recommended_by generated_at_utc expires_at_utc status metadata',
  invalid: [
    [{ scope: { ...wholeScope, ttl_seconds: 0 } }, '/scope/ttl_seconds'],
    [{ confidence_score: 9 }, '/confidence_score'],
  ],
});

testModel('IdentityContainmentIntentV1', {
  schema: identityContainmentIntentV1Schema,
  required: {
    intent_id: 'i',
    recommendation_id: 'r',
    subject_id: 's',
    scope: wholeScope,
    intent_type: 'apply',
    requested_by: 'analyst',
    created_at_utc: TIME,
    expires_at_utc: TIME,
  },
  defaults: {
    approval_status: 'pending',
    approval_id: null,
    approval_level: 'A2',
    execution_status: 'pending',
    metadata: {},
  },
  order:
    'intent_id recommendation_id subject_id scope intent_type approval_status approval_id approval_level requested_by created_at_utc expires_at_utc execution_status metadata',
  invalid: [[{ scope: { ...wholeScope, more: 1 } }, '/scope']],
});

testModel('IdentityContainmentAppliedRecordV1', {
  schema: identityContainmentAppliedRecordV1Schema,
  required: {
    record_id: 'a',
    intent_id: 'i',
    subject_id: 's',
    scope_id: 'c',
    applied_at_utc: TIME,
    applied_by: 'x',
    ttl_seconds: 0,
    expires_at_utc: TIME,
  },
  defaults: { effectors_used: [], status: 'active', metadata: {} },
  order:
    'record_id intent_id subject_id scope_id applied_at_utc applied_by effectors_used ttl_seconds expires_at_utc status metadata',
  invalid: [[{ ttl_seconds: 0.1 }, '/ttl_seconds']],
});

testModel('IdentityContainmentRevertedRecordV1', {
  schema: identityContainmentRevertedRecordV1Schema,
  required: {
    record_id: 'v',
    applied_record_id: 'a',
    intent_id: 'i',
    subject_id: 's',
    reverted_at_utc: TIME,
    reverted_by: 'x',
    reason: '',
  },
  defaults: { metadata: {} },
  order: 'record_id applied_record_id intent_id subject_id reverted_at_utc reverted_by reason metadata',
  invalid: [[{ reverted_at_utc: '2024-13-01T00:00:00Z' }, '/reverted_at_utc']],
});

test('a containment is in one of six states', () => {
  const states = ['pending', 'active', 'expired', 'reverted', 'failed', 'suspended'];
  expect(identityContainmentStatusV1Schema.options).toEqual(states);
});
