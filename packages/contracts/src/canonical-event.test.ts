import { expect, test } from 'vitest';
import { findIssuePointers, testModel } from '../test/model-laws.ts';
import { canonicalEventSchema } from './canonical-event.ts';

const event = {
  event_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  event_type: 'belief_creation_started',
  actor: 'demo',
  correlation_id: 'corr-1',
  payload: { kind: 'inline', ref: { event_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' } },
  payload_hash: '',
};

testModel('CanonicalEvent', {
  schema: canonicalEventSchema,
  required: event,
  defaults: { sequence_number: null, parent_event_id: null, cell_id: '', tenant_id: '', trace_id: '' },
  open: ['payload'],
  order:
    'event_id event_type actor correlation_id payload payload_hash sequence_number parent_event_id cell_id tenant_id trace_id',
  invalid: [
    [{ sequence_number: 0.5 }, '/sequence_number'],
    [{ payload_hash: null }, '/payload_hash'],
    [{ payload: undefined }, '/payload'],
  ],
});

test.each([null, [1, 2, { b: 1 }], 'just a string', 0, false])('an event may carry %j as its payload', (payload) => {
  expect(canonicalEventSchema.parse({ ...event, payload }).payload).toBe(payload);
});

test('a payload keeps members named like a prototype', () => {
  const payload: unknown = JSON.parse('{"__proto__":{"x":1}}');
  expect(JSON.stringify(canonicalEventSchema.parse({ ...event, payload }).payload)).toBe('{"__proto__":{"x":1}}');
});

test.each([-1, 42])('a sequence number may be %i', (sequenceNumber) => {
  expect(findIssuePointers(canonicalEventSchema, { ...event, sequence_number: sequenceNumber })).toEqual([]);
});

test('an event has no time', () => {
  const result = canonicalEventSchema.safeParse({ ...event, timestamp: '1970-01-01T00:00:00Z' });
  expect(result.error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['timestamp'] }]);
});
