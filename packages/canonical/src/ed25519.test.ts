import { describe, expect, it } from 'vitest';
import { createKeyPair, type Ed25519Backend, ed25519Backends, signEd25519, verifyEd25519 } from './ed25519.ts';
import { isProfilePoint } from './ed25519-profile.ts';
import { decodeHex, encodeHex } from './hex.ts';

/** RFC 8032, section 7.1: seed, public key, message, signature. */
const RFC8032: readonly (readonly [string, string, string, string])[] = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
];

const backends = Object.values(ed25519Backends) as Ed25519Backend[];
const [, publicKey, message, signature] = (RFC8032[2] as (typeof RFC8032)[number]).map(decodeHex) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

async function answers(key: Uint8Array, text: Uint8Array, sig: Uint8Array): Promise<boolean[]> {
  return [
    verifyEd25519(key, text, sig),
    ...(await Promise.all(backends.map((backend) => backend.verify(key, text, sig)))),
  ];
}

describe('Ed25519', () => {
  it('has three backends here', () => {
    expect(backends.map(({ name }) => name)).toEqual(['node', 'webcrypto', 'noble']);
  });

  it.each(RFC8032)(
    'gives the vectors of RFC 8032 on every backend (%#)',
    async (seedHex, keyHex, messageHex, signatureHex) => {
      const [secret, key, text, sig] = [seedHex, keyHex, messageHex, signatureHex].map(decodeHex) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      expect(encodeHex(createKeyPair(secret).publicKey)).toBe(keyHex);
      expect(encodeHex(signEd25519(secret, text))).toBe(signatureHex);
      for (const backend of backends) expect(encodeHex(await backend.sign(secret, text))).toBe(signatureHex);
      expect(await answers(key, text, sig)).toEqual([true, true, true, true]);
    },
  );

  it('refuses a signature with any bit flipped, on every backend', async () => {
    for (let bit = 0; bit < 512; bit++) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verifyEd25519(publicKey, message, flipped)).toBe(false);
      if (bit % 16 === 0) expect(await answers(publicKey, message, flipped)).toEqual([false, false, false, false]);
    }
  });

  it('refuses another message, another key and every wrong length', async () => {
    const no = [false, false, false, false];
    expect(await answers(publicKey, Uint8Array.of(0xaf), signature)).toEqual(no);
    expect(await answers(createKeyPair(new Uint8Array(32)).publicKey, message, signature)).toEqual(no);
    for (const length of [0, 31, 33])
      expect(await answers(new Uint8Array(length).fill(9), message, signature)).toEqual(no);
    for (const length of [0, 63, 65]) expect(await answers(publicKey, message, new Uint8Array(length))).toEqual(no);
    expect(() => signEd25519(new Uint8Array(31), message)).toThrow(RangeError);
    expect(() => createKeyPair(new Uint8Array(33))).toThrow(RangeError);
    for (const backend of backends) expect(() => backend.sign(new Uint8Array(31), message)).toThrow(RangeError);
  });

  it('refuses S + L, which satisfies the equation too', async () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = BigInt(`0x${encodeHex(signature.slice(32).reverse())}`) + order;
    const malleated = signature.slice();
    for (let i = 32; i < 64; i++, s >>= 8n) malleated[i] = Number(s & 255n);
    expect(await answers(publicKey, message, malleated)).toEqual([false, false, false, false]);
  });
});

describe('the points of the profile', () => {
  const p = 2n ** 255n - 19n;
  const encode = (y: bigint, sign: 0 | 1) => {
    const bytes = new Uint8Array(32);
    for (let i = 0, rest = y; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
    bytes[31] = (bytes[31] as number) | (sign << 7);
    return bytes;
  };
  const order8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

  it('leave out the fourteen encodings of small order', () => {
    for (const y of [0n, 1n, order8, p - order8, p - 1n, p, p + 1n]) {
      for (const sign of [0, 1] as const) expect(isProfilePoint(encode(y, sign))).toBe(false);
    }
  });

  it('leave out every y from p to 2^255 - 1', () => {
    for (let y = p; y < 2n ** 255n; y++)
      for (const sign of [0, 1] as const) expect(isProfilePoint(encode(y, sign))).toBe(false);
  });

  it('keep the neighbours', () => {
    for (const y of [2n, p - 2n, p - 19n, order8 + 1n, p - order8 - 1n]) {
      for (const sign of [0, 1] as const) expect(isProfilePoint(encode(y, sign))).toBe(true);
    }
    expect(isProfilePoint(new Uint8Array(31))).toBe(false);
  });

  it('are asked for in both A and R', () => {
    const small = encode(p - 1n, 0);
    const forged = new Uint8Array(64);
    forged.set(small);
    expect(verifyEd25519(small, message, forged)).toBe(false);
    expect(verifyEd25519(publicKey, message, forged)).toBe(false);
    expect(verifyEd25519(small, message, signature)).toBe(false);
  });
});
