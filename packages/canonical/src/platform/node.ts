import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Ed25519Primitive, Platform } from './platform.ts';

const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** Importing a key costs more than verifying with it, so the last keys seen are kept; public keys only. */
const MAX_CACHED_KEYS = 256;
const publicKeys = new Map<string, KeyObject>();

function withPrefix(prefix: Uint8Array, bytes: Uint8Array): Buffer {
  return Buffer.concat([prefix, bytes]);
}

function importPublicKey(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: withPrefix(SPKI_PREFIX, publicKey), format: 'der', type: 'spki' });
  if (publicKeys.size >= MAX_CACHED_KEYS) publicKeys.clear();
  publicKeys.set(name, key);
  return key;
}

function importSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: withPrefix(PKCS8_PREFIX, seed), format: 'der', type: 'pkcs8' });
}

const nodeEd25519: Ed25519Primitive = {
  name: 'node',
  publicKey(seed) {
    const der = createPublicKey(importSeed(seed)).export({ format: 'der', type: 'spki' });
    return new Uint8Array(der.subarray(SPKI_PREFIX.length));
  },
  signer(seed) {
    const key = importSeed(seed);
    return (message) => new Uint8Array(sign(null, message, key));
  },
  verify(publicKey, message, signature) {
    return verify(null, message, importPublicKey(publicKey), signature);
  },
};

/** By way of text: a result as bytes of its own memory costs more than the hash of a short input. */
function sha256(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'latin1');
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

/** By way of the pool of `Buffer`: memory of its own, which `TextEncoder` takes, costs three times as much as a short text. */
function encodeText(text: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(text);
  return new Uint8Array(buffer, byteOffset, length);
}

/** `node:crypto`: one-shot hashes and cached keys. */
export const platform: Platform = {
  name: 'node',
  sha256,
  sha256Hex: (bytes) => hash('sha256', bytes, 'hex'),
  sha256HexOfText: (text) => hash('sha256', text, 'hex'),
  encodeText,
  ed25519: nodeEd25519,
  nativeEd25519: nodeEd25519,
};
