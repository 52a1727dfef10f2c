import { expect, test } from 'vitest';
import { TIME, testModel } from '../../test/model-laws.ts';
import {
  arbitrationConflictTypeSchema,
  arbitrationV1Schema,
  federateIdentityV1Schema,
  federateNonceV1Schema,
  handshakeSessionV1Schema,
  handshakeStateSchema,
  verificationFailureReasonSchema,
} from './federation.ts';

const identity = {
  federate_id: 'cell-us-east-1',
  public_key: 'A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=',
  key_id: 'k',
  certificate_chain: [],
  capabilities: ['belief_aggregation'],
  last_seen: TIME,
  created_at: TIME,
  updated_at: TIME,
};

testModel('FederateIdentityV1', {
  schema: federateIdentityV1Schema,
  required: identity,
  defaults: { schema_version: '2.0.0', federation_role: 'member', trust_score: 0.8, status: 'active' },
  order:
    'schema_version federate_id public_key key_id certificate_chain federation_role capabilities trust_score last_seen status created_at updated_at',
  invalid: [
    [{ federation_role: 'owner' }, '/federation_role'],
    [{ status: 'banned' }, '/status'],
    [{ trust_score: 1.1 }, '/trust_score'],
    [{ certificate_chain: [1] }, '/certificate_chain/0'],
    [{ updated_at: '' }, '/updated_at'],
  ],
});

test.each(['cell-a-b-c', 'cell----', 'cell-us-east-1-cluster-01'])('accepts the federate id %s', (federateId) => {
  expect(federateIdentityV1Schema.parse({ ...identity, federate_id: federateId }).federate_id).toBe(federateId);
});

test.each(['', 'cell', 'cell-a-b', 'Cell-a-b-c', 'node-a-b-c', 'xcell-a-b-c'])(
  'refuses the federate id %j',
  (federateId) => {
    const result = federateIdentityV1Schema.safeParse({ ...identity, federate_id: federateId });
    expect(result.error?.issues.map((issue) => issue.path)).toEqual([['federate_id']]);
  },
);

testModel('FederateNonceV1', {
  schema: federateNonceV1Schema,
  required: { nonce: 'n', federate_id: 'cell-a-b-c', created_at: TIME, expires_at: '2024-01-01T00:05:00Z' },
  defaults: { schema_version: '2.0.0', used: false },
  order: 'schema_version nonce federate_id created_at expires_at used',
  invalid: [
    [{ used: 'false' }, '/used'],
    [{ expires_at: 300 }, '/expires_at'],
  ],
});

testModel('HandshakeSessionV1', {
  schema: handshakeSessionV1Schema,
  required: {
    federate_id: 'cell-a-b-c',
    correlation_id: 'corr',
    state: 'uninitialized',
    created_at: '2024-01-01T00:00:00Z',
    updated_at: '2024-01-01T00:00:00',
  },
  defaults: { step_index: 0, expires_at: null },
  order: 'federate_id correlation_id state step_index created_at updated_at expires_at',
  invalid: [
    [{ state: 'done' }, '/state'],
    [{ step_index: 0.5 }, '/step_index'],
    [{ expires_at: 'never' }, '/expires_at'],
  ],
});

testModel('ArbitrationV1', {
  schema: arbitrationV1Schema,
  required: {
    arbitration_id: 'a',
    created_at_utc: TIME,
    status: 'open',
    conflict_type: 'trust_dispute',
    subject_key: 's',
    conflict_key: 'k',
    claims: [{ cell: 'a' }],
  },
  defaults: {
    schema_version: '2.0.0',
    evidence_refs: [],
    correlation_id: null,
    conflicts_detected: [],
    proposed_resolution: null,
    decision: null,
    approval_id: null,
    resolved_at_utc: null,
    resolver_federate_id: null,
    resolution_applied_at_utc: null,
    metadata: {},
  },
  order:
    'schema_version arbitration_id created_at_utc status conflict_type subject_key conflict_key claims evidence_refs correlation_id conflicts_detected proposed_resolution decision approval_id resolved_at_utc resolver_federate_id resolution_applied_at_utc metadata',
  invalid: [
    [{ status: 'closed' }, '/status'],
    [{ conflict_type: 'taste' }, '/conflict_type'],
    [{ claims: ['x'] }, '/claims/0'],
    [{ conflicts_detected: [[]] }, '/conflicts_detected/0'],
    [{ decision: 'yes' }, '/decision'],
  ],
});

test('the closed sets have the members of the ancestor', () => {
  expect(handshakeStateSchema.options).toHaveLength(16);
  expect(verificationFailureReasonSchema.options).toHaveLength(7);
  expect(arbitrationConflictTypeSchema.options).toHaveLength(6);
});
