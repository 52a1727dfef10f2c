import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from './bytes.ts';
import { type DsseEnvelope, encodePae, signEnvelope, verifyEnvelope } from './dsse.ts';
import { createSigner } from './signer.ts';
import { createVerifierKey, parseVerifierKey, SIGNATURE_TYPES } from './verifier-key.ts';

const signers = [1, 2, 3].map((fill) => createSigner(`signer-${fill}`, new Uint8Array(32).fill(fill)));
const keys = signers.map(({ vkey }) => parseVerifierKey(vkey));
const payload = encodeUtf8('{"a":"\u00e9"}?>');
const envelope = signEnvelope({ payloadType: 'application/vnd.in-toto+json', payload, signers });
const [first, second, third] = envelope.signatures as [
  DsseEnvelope['signatures'][0],
  DsseEnvelope['signatures'][0],
  DsseEnvelope['signatures'][0],
];
const reasons = (candidate: unknown, options = { keys, threshold: 1 }) => {
  const verdict = verifyEnvelope(candidate, options);
  return verdict.outcome === 'valid' ? [] : verdict.failures.map(({ reason }) => reason);
};

describe('the pre-authentication encoding', () => {
  it('is the published one', () => {
    expect(encodePae('http://example.com/HelloWorld', encodeUtf8('hello world'))).toEqual(
      encodeUtf8('DSSEv1 29 http://example.com/HelloWorld 11 hello world'),
    );
    expect(encodePae('x', new Uint8Array(0))).toEqual(encodeUtf8('DSSEv1 1 x 0 '));
  });

  it('counts bytes and takes ASCII types only', () => {
    expect(encodePae('t', encodeUtf8('\u00e9'))).toEqual(encodeUtf8('DSSEv1 1 t 2 \u00e9'));
    for (const type of ['', 'a b', '\u00e9', 'x'.repeat(257)])
      expect(() => encodePae(type, payload)).toThrow(TypeError);
  });
});

describe('envelopes', () => {
  it('hand on the bytes that were verified', () => {
    const verdict = verifyEnvelope(envelope, { keys, threshold: 3 });
    expect(verdict).toEqual({ outcome: 'valid', payloadType: envelope.payloadType, payload, keys });
    expect(() => signEnvelope({ payloadType: 'x', payload, signers: [] })).toThrow(TypeError);
  });

  it('read both base64 alphabets', () => {
    const url = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const urlSafe = {
      ...envelope,
      payload: url(envelope.payload),
      signatures: [{ keyid: first.keyid, sig: url(first.sig) }],
    };
    expect(reasons(urlSafe)).toEqual([]);
  });

  it('count distinct keys, whatever they are called', () => {
    const twice = { ...envelope, signatures: [first, first, { ...first, keyid: '' }] };
    expect(reasons(twice)).toEqual([]);
    expect(reasons(twice, { keys, threshold: 2 })).toEqual(['threshold_not_met']);
    const alias = createVerifierKey('alias', (keys[0] as (typeof keys)[0]).publicKey);
    expect(reasons(twice, { keys: [...keys, alias], threshold: 2 })).toEqual(['threshold_not_met']);
    expect(reasons({ ...envelope, signatures: [first, third] }, { keys, threshold: 2 })).toEqual([]);
  });

  it('treat the key id as a hint: it selects, and an empty one selects all', () => {
    expect(reasons({ ...envelope, signatures: [{ ...second, keyid: '' }] })).toEqual([]);
    expect(reasons({ ...envelope, signatures: [{ sig: second.sig }] })).toEqual([]);
    expect(reasons({ ...envelope, signatures: [{ ...second, keyid: 'ffffffff' }] })).toEqual([
      'threshold_not_met',
      'unknown_key',
    ]);
    expect(reasons({ ...envelope, signatures: [{ ...second, keyid: first.keyid }] })).toEqual([
      'threshold_not_met',
      'signature_mismatch',
    ]);
  });

  it('fail with any bit of payload or signature changed, and with another type', () => {
    const bytes = Buffer.from(envelope.payload, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verifyEnvelope({ ...envelope, payload: changed.toString('base64') }, { keys, threshold: 1 }).outcome).toBe(
        'invalid',
      );
    }
    expect(reasons({ ...envelope, payloadType: 'application/json' })[0]).toBe('threshold_not_met');
  });

  it('use no cosigner key', () => {
    const cosigner = createVerifierKey('c', (keys[0] as (typeof keys)[0]).publicKey, SIGNATURE_TYPES.cosignature);
    expect(reasons({ ...envelope, signatures: [{ ...first, keyid: '' }] }, { keys: [cosigner], threshold: 1 })).toEqual(
      ['threshold_not_met', 'unknown_key'],
    );
  });

  it.each([
    [null, 'malformed_envelope'],
    [[], 'malformed_envelope'],
    ['{}', 'malformed_envelope'],
    [{ ...envelope, payload: 5 }, 'malformed_envelope'],
    [{ ...envelope, payloadType: 'a b' }, 'malformed_envelope'],
    [{ ...envelope, signatures: [] }, 'malformed_envelope'],
    [{ ...envelope, signatures: {} }, 'malformed_envelope'],
    [{ ...envelope, signatures: [null] }, 'malformed_envelope'],
    [{ ...envelope, signatures: [{ keyid: 5, sig: '' }] }, 'malformed_envelope'],
    [{ ...envelope, signatures: [{ keyid: '' }] }, 'malformed_envelope'],
    [{ ...envelope, signatures: Array(65).fill(first) }, 'malformed_envelope'],
    [{ ...envelope, payload: '!' }, 'malformed_payload'],
  ])('are refused when malformed (%#)', (candidate, reason) => {
    expect(reasons(candidate)).toEqual([reason]);
  });

  it('name a signature that does not decode', () => {
    expect(reasons({ ...envelope, signatures: [{ keyid: '', sig: '*' }] })).toEqual([
      'threshold_not_met',
      'malformed_signature',
    ]);
  });

  it('need a threshold that counts something', () => {
    for (const threshold of [0, -1, 0.5, Number.NaN]) {
      expect(() => verifyEnvelope(envelope, { keys, threshold })).toThrow(RangeError);
    }
    expect(reasons(envelope, { keys: [], threshold: 1 })[0]).toBe('threshold_not_met');
  });
});
