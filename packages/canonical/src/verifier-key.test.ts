import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { parseDigest } from './digest.ts';
import { encodeHex } from './hex.ts';
import { createSigner } from './signer.ts';
import { parseTrustPolicy } from './trust-policy.ts';
import {
  computeKeyId,
  createVerifierKey,
  formatSigningKey,
  formatVerifierKey,
  parseSigningKey,
  parseVerifierKey,
  SIGNATURE_TYPES,
} from './verifier-key.ts';

/** Verifier keys that other implementations publish: the C2SP example and those of the Go note tests. */
const PUBLISHED = [
  'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop',
];
const PETER = PUBLISHED[1] as string;
const PETER_SECRET = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';

describe('verifier keys', () => {
  it.each(PUBLISHED)('read and write %s', (vkey) => {
    const key = parseVerifierKey(vkey);
    expect(formatVerifierKey(key)).toBe(vkey);
    expect(encodeHex(key.keyId)).toBe(vkey.split('+')[1]);
    expect(key.type).toBe(SIGNATURE_TYPES.ed25519);
  });

  it('refuse every proper substring and every single changed character', () => {
    for (let start = 0; start < PETER.length; start++) {
      for (let end = start; end <= PETER.length; end++) {
        if (end - start === PETER.length) continue;
        expectRefusal('CANONICAL_KEY_MALFORMED', () => parseVerifierKey(PETER.slice(start, end)));
      }
    }
    for (let i = 0; i < PETER.length; i++) {
      for (const other of ['A', '0', '+', ' ', '\n', '=', 'é']) {
        if (PETER[i] === other) continue;
        expectRefusal('CANONICAL_KEY_MALFORMED', () =>
          parseVerifierKey(PETER.slice(0, i) + other + PETER.slice(i + 1)),
        );
      }
    }
  });

  it('carry a cosigner type in id and text', () => {
    const plain = parseVerifierKey(PETER);
    const cosigner = createVerifierKey('PeterNeumann', plain.publicKey, SIGNATURE_TYPES.cosignature);
    expect(cosigner.keyId).not.toEqual(plain.keyId);
    expect(parseVerifierKey(formatVerifierKey(cosigner))).toEqual(cosigner);
    expect(computeKeyId('PeterNeumann', plain.publicKey)).toEqual(plain.keyId);
  });

  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u3000', 'a\n', 'a\u0085', '\ud800', 'x'.repeat(256)])(
    'cannot be named %j',
    (name) => {
      expect(() => createVerifierKey(name, new Uint8Array(32))).toThrow(TypeError);
      expect(() => createSigner(name, new Uint8Array(32))).toThrow(TypeError);
    },
  );

  it('have 32 bytes', () => {
    expect(() => createVerifierKey('a', new Uint8Array(31))).toThrow(RangeError);
  });
});

describe('private keys', () => {
  it('read and write the published one', () => {
    const key = parseSigningKey(PETER_SECRET);
    expect(formatSigningKey(key)).toBe(PETER_SECRET);
    expect(createSigner(key.name, key.seed).vkey).toBe(PETER);
  });

  it.each([
    PETER,
    PETER_SECRET.replace('c74f20a3', 'c74f20a4'),
    PETER_SECRET.replace('+AYEK', '+BIEK'),
    PETER_SECRET.replace('PRIVATE', 'PRIVACY'),
    PETER_SECRET.slice(0, -1),
    `${PETER_SECRET} `,
    'PRIVATE+KEY+',
  ])('refuse %j without repeating it', (text) => {
    const { message } = expectRefusal('CANONICAL_KEY_MALFORMED', () => parseSigningKey(text));
    expect(message).not.toContain('EKFALVFGyNhPJEMzD1QIDr');
  });

  it.each([
    ['a verifier key', 'CANONICAL_KEY_MALFORMED', parseVerifierKey],
    ['a digest', 'CANONICAL_DIGEST_MALFORMED', parseDigest],
    ['a policy', 'CANONICAL_POLICY_MALFORMED', (text: string) => parseTrustPolicy(`${text}\n`)],
    ['a policy after a word', 'CANONICAL_POLICY_MALFORMED', (text: string) => parseTrustPolicy(`x${text}\n`)],
  ] as const)('are not repeated where %s was expected', (_, code, parse) => {
    // A short name, because forty characters of a text are quoted.
    const secret = formatSigningKey({ name: 'b', seed: new Uint8Array(32).fill(3) });
    const { message } = expectRefusal(code, () => parse(secret));
    expect(message).toContain('private key');
    expect(message).not.toContain('PRIVATE');
    expect(message).not.toContain(secret.slice(23, 30));
  });

  it('cannot be read back from a signer', () => {
    const signer = createSigner('a', new Uint8Array(32).fill(3));
    expect(Object.keys(signer).sort()).toEqual(['name', 'publicKey', 'sign', 'vkey']);
  });
});
