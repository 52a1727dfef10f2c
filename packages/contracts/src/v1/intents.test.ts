import { expect, test } from 'vitest';
import { TIME, testModel, ULID } from '../../test/model-laws.ts';
import { executionIntentV1Schema, localDecisionV1Schema } from './intents.ts';

testModel('LocalDecisionV1', {
  schema: localDecisionV1Schema,
  required: {
    schema_version: '1.0.0',
    decision_id: ULID,
    tenant_id: 't',
    cell_id: 'c',
    subject: {},
    classification: 'suspicious',
    severity: 'medium',
    confidence: 0.5,
    evidence_refs: {},
    correlation_id: 'corr',
    trace_id: 'trace',
  },
  defaults: { recommended_intents: [] },
  order:
    'schema_version decision_id tenant_id cell_id subject classification severity confidence recommended_intents evidence_refs correlation_id trace_id',
  invalid: [
    [{ decision_id: ULID.toLowerCase() }, '/decision_id'],
    [{ classification: 'evil' }, '/classification'],
    [{ recommended_intents: ['isolate_host'] }, '/recommended_intents/0'],
    [{ confidence: -1 }, '/confidence'],
  ],
});

/** The intent whose hash the ancestor's tests pin. */
const intent = {
  schema_version: '1.0.0',
  intent_id: '01J4NR5X9Z8GABCDEF12345678',
  tenant_id: 'tenant-1',
  cell_id: 'cell-1',
  idempotency_key: 'key-1',
  subject: { subject_type: 'host', subject_id: 'host-1' },
  intent_type: 'isolate_host',
  action_class: 'A3_irreversible',
  requested_at: '2023-01-01T12:00:00+00:00',
  policy_context: {},
  safety_context: { human_approval_id: 'approval-123' },
  correlation_id: 'test-corr',
  trace_id: 'trace-1',
};

testModel('ExecutionIntentV1', {
  schema: executionIntentV1Schema,
  required: intent,
  defaults: { ttl_seconds: null, parameters: null },
  order:
    'schema_version intent_id tenant_id cell_id idempotency_key subject intent_type action_class requested_at ttl_seconds parameters policy_context safety_context correlation_id trace_id',
  invalid: [
    [{ intent_id: '' }, '/intent_id'],
    [{ action_class: 'A3' }, '/action_class'],
    [{ ttl_seconds: 1.5 }, '/ttl_seconds'],
    [{ ttl_seconds: 2 ** 53 }, '/ttl_seconds'],
    [{ parameters: [] }, '/parameters'],
    [{ requested_at: TIME.slice(0, 10) }, '/requested_at'],
  ],
});

test.each([-1, 0, 1_000_000])('a time to live of %i is accepted, as it was', (ttlSeconds) => {
  expect(executionIntentV1Schema.parse({ ...intent, ttl_seconds: ttlSeconds }).ttl_seconds).toBe(ttlSeconds);
});
