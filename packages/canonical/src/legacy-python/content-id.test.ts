import { describe, expect, it } from 'vitest';
import { legacyAuditId, legacyAuditPayloadHash, legacyIdempotencyKey } from './audit-id.ts';
import { contentUlid, contentUlidPreimage, ulidOfLegacyJson } from './content-id.ts';
import { parseLegacyJson } from './reader.ts';
import { type LegacyObject, toLegacyValue } from './value.ts';

const DEMO_INTENT = '7WJ9DK058XK5G8A1JZS4HTR0EB';

describe('content ids', () => {
  it.each([
    ['x', {}, '', '3EV86T4WXYKMDR02WY9E2G1PZR'],
    ['x', {}, 's', '1XC6M3HDKHMK467H8ZS80ZRDXY'],
    ['intent', { actor_id: 'agent-1', action_type: 'tool.call', target: 'file:///a' }, '', DEMO_INTENT],
    ['trace', { intent_id: 'i1' }, '', '2AP5QQ97ZXVNV39BN8W1NDAHPG'],
    ['trace', { intent_id: DEMO_INTENT }, '', '1E78HRRBKC9TV7JKMT2AT0121H'],
    [
      'event',
      { trace_id: '1E78HRRBKC9TV7JKMT2AT0121H', stage: 'policy', sequence: 0 },
      '',
      '52M97W05M1P6WB7KFQKW03V69D',
    ],
    ['decision', { intent_id: 'i1', policy_version: 'v0' }, '', '5YPE7EB8PP1S5GM2MSWGW5SRSM'],
    ['intent', { actor_id: 'té', action_type: 'b', target: '😀' }, '', '5MRJ2ABQ867E29NF04GV2TXQKQ'],
    ['local-decision', {}, '', '31AHSNNMD8WKS20HWRS61YMT8T'],
    ['sdk_config', {}, '', '2S54YXCYDF3FNW3ZBJH5YDA5QT'],
    ['schema_validation', {}, '', '72CNSM71KS5RZ7GHSKW45FCAS1'],
  ] as const)('of kind %s over %j with seed %j', (kind, payload, seed, id) => {
    expect(contentUlid(kind, payload, seed)).toBe(id);
  });

  it('tell 1.0 from 1 when the payload is lossless', () => {
    const payload = parseLegacyJson(
      `{"intent_id":"${DEMO_INTENT}","event_type":"intent_executed","outcome":"success","details":{"n":1.0,"é":"ü"}}`,
    ) as LegacyObject;
    expect(contentUlidPreimage('audit', payload)).toContain('"details":{"n":1.0,"\\u00e9":"\\u00fc"}');
    expect(contentUlid('audit', payload)).toBe('3NEAJXYH5CAHF91QJ1MJA690DE');
  });
});

describe('audit derivations', () => {
  const subject = {
    correlation_id: 'corr-1',
    event_kind: 'telemetry_ingested',
    payload_ref: toLegacyValue({ kind: 'inline', ref: { value: 1 } }),
    tenant_id: 'tenant-demo',
  };

  it('give the recorded key, id and payload hash', () => {
    expect(legacyIdempotencyKey(subject)).toBe('abbc467a4bcf254f376fca93ae3d187c8b7ab58e5c138b757b5590878d2a9c05');
    expect(legacyAuditId(subject)).toBe('3D7VJFHX6E39560VPVY3T3BZZT');
    expect(legacyAuditId(subject, 'another')).not.toBe('3D7VJFHX6E39560VPVY3T3BZZT');
    expect(legacyAuditPayloadHash(subject.payload_ref)).toBe(
      '8376a6a80e4439f851a014bcc8a54810b00993308cbf48a6b0b686e061723951',
    );
  });

  it('escape and print floats as Python does', () => {
    const payload = parseLegacyJson(
      '{"kind":"inline","ref":{"big":1e16,"n":1.0,"name":"café \\ud83d\\ude80\\u007f","nul":null,"ok":true,"score":0.8,"small":1e-5}}',
    );
    expect(legacyAuditPayloadHash(payload)).toBe('ed120ecc0a2e5871b6cfd55a4e9ec63dafe662c6e5f0868f82ad678f43782bec');
  });

  it('give the id of the canonical demo', () => {
    const value = toLegacyValue({ event_type: 'policy_denial', intent_id: 'canonical-truth-reconstruction-demo' });
    expect(ulidOfLegacyJson(value, 'spaced-ascii')).toBe('3D1MYFHFG0YNH9M67NA7MHV5ZD');
  });
});
