import { expect, test } from 'vitest';
import { findIssuePointers, testModel } from '../../test/model-laws.ts';
import {
  capabilityNegotiateMessageSchema,
  capabilityNegotiatePayloadV1Schema,
  handshakeMessageSchema,
  identityExchangeMessageSchema,
  identityExchangePayloadV1Schema,
  signatureInfoV1Schema,
  trustEstablishMessageSchema,
  trustEstablishPayloadV1Schema,
} from './handshake-messages.ts';

const signature = { alg: 'ed25519', key_id: 'k', cert_fingerprint: null, sig_b64: 'AAAA' };

testModel('SignatureInfoV1', {
  schema: signatureInfoV1Schema,
  required: signature,
  order: 'alg key_id cert_fingerprint sig_b64',
  invalid: [
    [{ alg: 'none' }, '/alg'],
    [{ alg: 'Ed25519' }, '/alg'],
    [{ key_id: null }, '/key_id'],
    [{ key_id: 1 }, '/key_id'],
    [{ cert_fingerprint: 1 }, '/cert_fingerprint'],
  ],
});

test('a certificate fingerprint can stand in for a key id', () => {
  expect(findIssuePointers(signatureInfoV1Schema, { ...signature, key_id: null, cert_fingerprint: 'f' })).toEqual([]);
});

const identity = {
  cell_public_key: 'A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=',
  certificate_chain: ['test-cert'],
  federation_role: 'member',
  capabilities: ['belief_aggregation'],
  trust_score: 0.8,
};

testModel('IdentityExchangePayloadV1', {
  schema: identityExchangePayloadV1Schema,
  required: identity,
  defaults: { cell_metadata: {} },
  order: 'cell_public_key certificate_chain federation_role capabilities trust_score cell_metadata',
  invalid: [
    [{ trust_score: -0.1 }, '/trust_score'],
    [{ capabilities: [null] }, '/capabilities/0'],
  ],
});

const capabilities = {
  supported_capabilities: ['belief_aggregation', 'policy_distribution'],
  required_capabilities: ['belief_aggregation'],
  priority: 1,
};

testModel('CapabilityNegotiatePayloadV1', {
  schema: capabilityNegotiatePayloadV1Schema,
  required: capabilities,
  defaults: { capability_constraints: {}, negotiation_metadata: {} },
  order: 'supported_capabilities required_capabilities priority capability_constraints negotiation_metadata',
  invalid: [
    [{ priority: 0 }, '/priority'],
    [{ priority: 11 }, '/priority'],
    [{ priority: 1.5 }, '/priority'],
  ],
});

const trust = { trust_score: 1, trust_reasons: ['verified_identity'], expiration: '2023-01-02T12:00:00Z' };

testModel('TrustEstablishPayloadV1', {
  schema: trustEstablishPayloadV1Schema,
  required: trust,
  defaults: { trust_policies: [], trust_metadata: {} },
  order: 'trust_score trust_reasons expiration trust_policies trust_metadata',
  invalid: [
    [{ trust_score: 1.0001 }, '/trust_score'],
    [{ expiration: 'later' }, '/expiration'],
  ],
});

const header = {
  federate_id: 'cell-us-east-1-cluster-01-node-01',
  nonce: 'nonce-1',
  timestamp_utc: '2023-01-01T12:00:01.250000Z',
  correlation_id: 'corr-1',
};
const ORDER = 'msg_type msg_version federate_id nonce timestamp_utc correlation_id payload signature';
const INVALID = [
  [{ msg_version: '1' }, '/msg_version'],
  [{ federate_id: '' }, '/federate_id'],
  [{ nonce: '' }, '/nonce'],
  [{ correlation_id: '' }, '/correlation_id'],
  [{ timestamp_utc: 1672574401 }, '/timestamp_utc'],
  [{ signature: { ...signature, extra: 1 } }, '/signature'],
] as const;

testModel('IdentityExchangeMessage', {
  schema: identityExchangeMessageSchema,
  required: {
    msg_type: 'identity_exchange',
    ...header,
    payload: { ...identity, cell_metadata: { é: 'ü' } },
    signature,
  },
  defaults: { msg_version: 1 },
  order: ORDER,
  invalid: [...INVALID, [{ msg_type: 'trust_establish' }, '/msg_type']],
});

testModel('CapabilityNegotiateMessage', {
  schema: capabilityNegotiateMessageSchema,
  required: {
    msg_type: 'capability_negotiate',
    ...header,
    payload: { ...capabilities, capability_constraints: {}, negotiation_metadata: {} },
    signature,
  },
  defaults: { msg_version: 1 },
  order: ORDER,
  invalid: [...INVALID, [{ payload: { ...capabilities, priority: 99 } }, '/payload/priority']],
});

testModel('TrustEstablishMessage', {
  schema: trustEstablishMessageSchema,
  required: {
    msg_type: 'trust_establish',
    ...header,
    payload: { ...trust, trust_policies: [], trust_metadata: {} },
    signature,
  },
  defaults: { msg_version: 1 },
  order: ORDER,
  invalid: [...INVALID, [{ payload: trust.expiration }, '/payload']],
});

test('a handshake message is told by its type, and a payload of another type is refused', () => {
  const message = { msg_type: 'trust_establish', ...header, payload: trust, signature };
  expect(handshakeMessageSchema.parse(message).msg_type).toBe('trust_establish');
  expect(findIssuePointers(handshakeMessageSchema, { ...message, msg_type: 'identity_exchange' })).toContain(
    '/payload/cell_public_key',
  );
});

test.each([undefined, null, 'goodbye', '__proto__'])('a message of type %j is refused', (msgType) => {
  const message = { msg_type: msgType, ...header, payload: trust, signature };
  expect(findIssuePointers(handshakeMessageSchema, message)).toEqual(['/msg_type']);
});
