import { expect, test } from 'vitest';
import { findIssuePointers, TIME, testModel, ULID, withPollutedPrototype } from '../../test/model-laws.ts';
import { auditRecordV1Schema, type CatalogEventType, catalogEventSchema, catalogEventTypeSchema } from './audit.ts';

testModel('AuditRecordV1', {
  schema: auditRecordV1Schema,
  required: {
    schema_version: '1.0.0',
    audit_id: ULID,
    tenant_id: '',
    cell_id: '',
    idempotency_key: '',
    recorded_at: '2024-01-01 12:00:00+00:00',
    event_kind: 'anything',
    payload_ref: { kind: 'inline', ref: {} },
    hashes: {},
    correlation_id: 'corr',
    trace_id: 'trace',
  },
  order:
    'schema_version audit_id tenant_id cell_id idempotency_key recorded_at event_kind payload_ref hashes correlation_id trace_id',
  invalid: [
    [{ audit_id: `${ULID}\n` }, '/audit_id'],
    [{ recorded_at: 'now' }, '/recorded_at'],
    [{ payload_ref: null }, '/payload_ref'],
    [{ hashes: ['x'] }, '/hashes'],
  ],
});

const event = {
  event_type: 'handshake_timeout',
  timestamp_utc: TIME,
  source_federate_id: 'cell-a',
  event_data: { handshake_id: 'h', timeout_duration_seconds: 30, last_state: 'confirmed' },
};

testModel('CatalogEvent', {
  schema: catalogEventSchema,
  required: event,
  defaults: { correlation_id: null },
  order: 'event_type timestamp_utc correlation_id source_federate_id event_data',
  invalid: [
    [{ event_type: 'handshake_invented' }, '/event_type'],
    [{ event_type: 'constructor' }, '/event_type'],
    [{ event_data: { handshake_id: 'h', timeout_duration_seconds: 30 } }, '/event_data/last_state'],
  ],
});

const EXPECTED: Record<CatalogEventType, string> = {
  handshake_initiated: 'handshake_id initiator_federate_id target_federate_id handshake_version',
  handshake_completed: 'handshake_id final_state established_trust_score',
  handshake_failed: 'handshake_id failure_reason failed_at_step',
  handshake_timeout: 'handshake_id timeout_duration_seconds last_state',
  observation_ingested: 'observation_id source_federate_id observation_type confidence',
  observation_rejected: 'observation_id source_federate_id rejection_reason',
  belief_created: 'belief_id belief_type confidence source_observations derived_at',
  belief_conflict_detected: 'conflict_key conflicting_beliefs conflict_type',
  conflict_detected: 'arbitration_id conflict_type subject_key conflict_key num_claims',
  arbitration_created: 'arbitration_id conflict_type subject_key approval_id num_claims',
  arbitration_resolution_proposed: 'arbitration_id resolution_type proposed_by',
  arbitration_resolved: 'arbitration_id resolver_federate_id resolution_applied_at decision_summary',
  arbitration_rejected: 'arbitration_id resolver_federate_id rejection_reason',
  feature_flag_changed: 'flag_name old_value new_value changed_by',
};

test.each(catalogEventTypeSchema.options)('event data of %s must have its members and may have more', (eventType) => {
  const members = EXPECTED[eventType].split(' ');
  const missing = findIssuePointers(catalogEventSchema, { ...event, event_type: eventType, event_data: {} });
  expect(missing).toEqual(members.map((member) => `/event_data/${member}`));
  const eventData = { ...Object.fromEntries(members.map((member) => [member, null])), more: 1 };
  expect(findIssuePointers(catalogEventSchema, { ...event, event_type: eventType, event_data: eventData })).toEqual([]);
});

test('event data cannot take a required member from a polluted prototype', () => {
  withPollutedPrototype({ last_state: 'confirmed' }, () => {
    const eventData = { handshake_id: 'h', timeout_duration_seconds: 30 };
    const pointers = findIssuePointers(catalogEventSchema, { ...event, event_data: eventData });
    expect(pointers).toEqual(['/event_data/last_state']);
  });
});
