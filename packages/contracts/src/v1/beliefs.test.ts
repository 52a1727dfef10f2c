import { expect, test } from 'vitest';
import { TIME, testModel, ULID } from '../../test/model-laws.ts';
import { beliefTelemetryV1Schema, beliefV1Schema } from './beliefs.ts';

const belief = {
  schema_version: '1.0.0',
  belief_id: ULID,
  tenant_id: 't',
  emitter_node_id: 'node-1',
  subject: {},
  claim_type: 'malicious_process',
  confidence: 0.8,
  severity: 'low',
  evidence_refs: {},
  policy_context: {},
  ttl_seconds: 300,
  first_seen: TIME,
  last_seen: TIME,
  correlation_id: 'corr',
  trace_id: 'trace',
};

testModel('BeliefTelemetryV1', {
  schema: beliefTelemetryV1Schema,
  required: belief,
  order:
    'schema_version belief_id tenant_id emitter_node_id subject claim_type confidence severity evidence_refs policy_context ttl_seconds first_seen last_seen correlation_id trace_id',
  invalid: [
    [{ belief_id: 'x' }, '/belief_id'],
    [{ confidence: -0.001 }, '/confidence'],
    [{ confidence: 1.001 }, '/confidence'],
    [{ confidence: Number.NaN }, '/confidence'],
    [{ confidence: Number.POSITIVE_INFINITY }, '/confidence'],
    [{ ttl_seconds: 29 }, '/ttl_seconds'],
    [{ ttl_seconds: 86_401 }, '/ttl_seconds'],
    [{ ttl_seconds: 30.5 }, '/ttl_seconds'],
    [{ severity: 'none' }, '/severity'],
    [{ last_seen: 'yesterday' }, '/last_seen'],
  ],
});

test.each([30, 86_400])('a belief may live %i seconds', (ttlSeconds) => {
  expect(beliefTelemetryV1Schema.parse({ ...belief, ttl_seconds: ttlSeconds }).ttl_seconds).toBe(ttlSeconds);
});

testModel('BeliefV1', {
  schema: beliefV1Schema,
  required: {
    belief_id: 'b',
    belief_type: 'derived_from_telemetry',
    confidence: 1,
    source_observations: [],
    derived_at: TIME,
    evidence_summary: '',
  },
  defaults: { schema_version: '2.0.0', correlation_id: null, conflicts: [], metadata: {} },
  order:
    'schema_version belief_id belief_type confidence source_observations derived_at correlation_id evidence_summary conflicts metadata',
  invalid: [
    [{ confidence: 2 }, '/confidence'],
    [{ source_observations: [1] }, '/source_observations/0'],
    [{ conflicts: [{}] }, '/conflicts/0'],
  ],
});

test('a default is a new object every time', () => {
  const base = { belief_id: 'b', belief_type: 'x', confidence: 0, source_observations: [], derived_at: TIME };
  const first = beliefV1Schema.parse({ ...base, evidence_summary: '' });
  const second = beliefV1Schema.parse({ ...base, evidence_summary: '' });
  expect(first.metadata).not.toBe(second.metadata);
  expect(first.conflicts).not.toBe(second.conflicts);
});
