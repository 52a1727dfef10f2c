import { TIME, testModel } from '../../test/model-laws.ts';
import {
  approvalActionRequestV1Schema,
  approvalResponseV1Schema,
  approvalStatusResponseV1Schema,
  auditResponseV1Schema,
  errorResponseV1Schema,
  telemetryIngestResponseV1Schema,
} from './api.ts';

testModel('TelemetryIngestResponseV1', {
  schema: telemetryIngestResponseV1Schema,
  required: { accepted: true, correlation_id: 'c', event_id: 'e', processed_at: TIME, trace_id: 't' },
  defaults: { belief_id: null, approval_id: null, approval_status: null, safety_verdict: null },
  order: 'accepted correlation_id event_id belief_id processed_at trace_id approval_id approval_status safety_verdict',
  invalid: [
    [{ accepted: 1 }, '/accepted'],
    [{ processed_at: '' }, '/processed_at'],
  ],
});

testModel('ApprovalActionRequestV1', {
  schema: approvalActionRequestV1Schema,
  required: { operator_id: 'op-1' },
  defaults: { reason: null },
  order: 'operator_id reason',
  invalid: [[{ operator_id: 7 }, '/operator_id']],
});

testModel('ApprovalResponseV1', {
  schema: approvalResponseV1Schema,
  required: { approval_id: 'apr-9c572a945a4d', status: 'PENDING', created_at: TIME },
  order: 'approval_id status created_at',
  invalid: [[{ created_at: 'x' }, '/created_at']],
});

testModel('ApprovalStatusResponseV1', {
  schema: approvalStatusResponseV1Schema,
  required: {
    approval_id: 'apr-9c572a945a4d',
    status: 'DENIED',
    created_at: TIME,
    requested_action_class: 'A1_soft_containment',
    correlation_id: 'c1',
  },
  order: 'approval_id status created_at requested_action_class correlation_id',
  invalid: [[{ status: null }, '/status']],
});

testModel('AuditResponseV1', {
  schema: auditResponseV1Schema,
  required: { correlation_id: 'c', audit_records: [{ anything: true }], total_count: 1, retrieved_at: TIME },
  order: 'correlation_id audit_records total_count retrieved_at',
  invalid: [
    [{ audit_records: ['x'] }, '/audit_records/0'],
    [{ total_count: 0.5 }, '/total_count'],
  ],
});

testModel('ErrorResponseV1', {
  schema: errorResponseV1Schema,
  required: { error: 'e', message: 'm', timestamp: TIME },
  defaults: { correlation_id: null },
  order: 'error message correlation_id timestamp',
  invalid: [[{ timestamp: 0 }, '/timestamp']],
});
