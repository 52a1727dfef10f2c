import { expect, test } from 'vitest';
import { findIssuePointers, testModel, ULID, withPollutedPrototype } from '../../test/model-laws.ts';
import { signalFactsV1Schema, telemetryEventV1Schema } from './telemetry.ts';

const event = {
  schema_version: '1.0.0',
  event_id: ULID,
  tenant_id: 'tenant-demo',
  cell_id: 'cell-demo-01',
  observed_at: '2024-01-01T00:00:00+00:00',
  received_at: '2024-01-01T00:00:01+00:00',
  source: { kind: 'edr', name: 'crowdstrike' },
  event_type: 'process_start',
  severity: 'high',
  attributes: { pid: 1337, process_name: 'evil.exe' },
  correlation_id: 'corr-a',
  trace_id: 'trace-corr-a',
};

testModel('TelemetryEventV1', {
  schema: telemetryEventV1Schema,
  required: event,
  defaults: { entity_refs: null },
  order:
    'schema_version event_id tenant_id cell_id observed_at received_at source event_type severity attributes entity_refs correlation_id trace_id',
  invalid: [
    [{ event_id: 'not-a-ulid' }, '/event_id'],
    [{ severity: 'HIGH' }, '/severity'],
    [{ severity: ' high' }, '/severity'],
    [{ observed_at: '2024-02-30T00:00:00Z' }, '/observed_at'],
    [{ received_at: 1704067200 }, '/received_at'],
    [{ source: [] }, '/source'],
    [{ entity_refs: 'host' }, '/entity_refs'],
  ],
});

test('free-form members are handed on as they are, members named like a prototype included', () => {
  const attributes: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":null,"n":1.0}');
  const parsed = telemetryEventV1Schema.parse({ ...event, attributes });
  expect(parsed.attributes).toBe(attributes);
  expect(Object.getPrototypeOf(parsed.attributes)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>).isAdmin).toBe(undefined);
});

test('texts are not trimmed: a reader does not change what a hash may cover', () => {
  expect(telemetryEventV1Schema.parse({ ...event, tenant_id: ' t ' }).tenant_id).toBe(' t ');
});

const facts = {
  schema_version: '1.0.0',
  facts_id: 'free text',
  derived_from_event_ids: [ULID],
  tenant_id: 't',
  cell_id: 'c',
  subject: { subject_type: 'host', subject_id: 'host-123' },
  claim_hints: [],
  features: {},
  correlation_id: 'corr',
  trace_id: 'trace',
};

testModel('SignalFactsV1', {
  schema: signalFactsV1Schema,
  required: facts,
  order:
    'schema_version facts_id derived_from_event_ids tenant_id cell_id subject claim_hints features correlation_id trace_id',
  invalid: [
    [{ derived_from_event_ids: [] }, '/derived_from_event_ids'],
    [{ derived_from_event_ids: [7] }, '/derived_from_event_ids/0'],
    [{ subject: {} }, '/subject/subject_type'],
    [{ subject: { subject_type: 'host' } }, '/subject/subject_id'],
    [{ subject: { subject_type: 'planet', subject_id: 'x' } }, '/subject/subject_type'],
    [{ claim_hints: [null] }, '/claim_hints/0'],
  ],
});

test.each(['host', 'user', 'process', 'ip', 'service'])('a subject may be a %s and say more', (subjectType) => {
  const subject = { subject_type: subjectType, subject_id: 1, more: true };
  expect(signalFactsV1Schema.parse({ ...facts, subject }).subject).toBe(subject);
});

test('a subject cannot inherit what it must say', () => {
  const subject = Object.assign(Object.create(null), { subject_id: 'x' });
  Object.defineProperty(subject, '__proto__', { value: { subject_type: 'host' }, enumerable: true });
  expect(findIssuePointers(signalFactsV1Schema, { ...facts, subject })).toEqual(['/subject/subject_type']);
});

test('a subject cannot take what it must say from a polluted prototype', () => {
  withPollutedPrototype({ subject_type: 'host', subject_id: 'x' }, () => {
    const pointers = findIssuePointers(signalFactsV1Schema, { ...facts, subject: {} });
    expect(pointers).toEqual(['/subject/subject_id', '/subject/subject_type']);
  });
});
