import { createSigner, digestValue, encodeUtf8, signEnvelope } from '@exoarmur/canonical';
import { hashArtifact } from '@exoarmur/governance-artifacts';
import { describe, expect, it } from 'vitest';
import { type Json, providerTools } from './host.ts';

const TYPE = 'application/vnd.acme.receipt+json';
const signer = createSigner('tool.example/one', new Uint8Array(32).fill(7));
const other = createSigner('tool.example/two', new Uint8Array(32).fill(8));
// Two bytes, so that the last character of the base64 has bits that mean nothing.
const envelope = signEnvelope({ payloadType: TYPE, payload: encodeUtf8('{}'), signers: [signer] });
const open = (changes: object, keys: readonly string[] = [signer.vkey], type = TYPE) =>
  providerTools.openEnvelope({ ...envelope, ...changes } as unknown as Json, type, keys);

/** A key of other bytes in the form of the signer's. */
const keyOf = (bytes: readonly number[]) =>
  `${signer.vkey.split('+').slice(0, 2).join('+')}+${Buffer.from(bytes).toString('base64')}`;

describe('the tools of a provider', () => {
  it('compute what the verifier computes', () => {
    const value = { 'ä€😀': [1.5, -3, true, null, 'a"\\\u0007'], nested: { b: {}, a: [] } };
    expect(providerTools.digest('acme/1', value)).toBe(digestValue('acme/1', value));
    expect(providerTools.hashArtifact('a.v1', value)).toBe(hashArtifact('a.v1', value));
  });

  it('open an envelope that one of the keys signed', () => {
    expect(open({})).toBe('{}');
    expect(open({}, [other.vkey, signer.vkey])).toBe('{}');
  });

  it.each<[string, () => string | null]>([
    ['of another key', () => open({}, [other.vkey])],
    ['without a key', () => open({}, [])],
    ['of another type', () => open({ payloadType: 'text/plain' })],
    ['that is asked for as another type', () => open({}, [signer.vkey], 'text/plain')],
    ['of another payload', () => open({ payload: 'e30x' })],
    ['of a payload in another spelling', () => open({ payload: 'e31=' })],
    ['of no payload', () => open({ payload: null })],
    ['without signatures', () => open({ signatures: [] })],
    ['with signatures that are none', () => open({ signatures: [null, {}, { sig: 7 }, { sig: '' }, { sig: 'AAAA' }] })],
    ['under a key of another algorithm', () => open({}, [keyOf([2, ...new Uint8Array(32)])])],
    ['under a key that is cut', () => open({}, [keyOf([1, ...new Uint8Array(31)]), 'key', ''])],
  ])('open none %s', (_what, opened) => {
    expect(opened()).toBeNull();
  });

  it.each([null, [], 'envelope', 7])('open nothing that is %j', (value) => {
    expect(providerTools.openEnvelope(value, TYPE, [signer.vkey])).toBeNull();
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(providerTools)).toBe(true);
  });
});
