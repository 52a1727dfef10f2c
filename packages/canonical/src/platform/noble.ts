import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes.ts';
import type { Ed25519Primitive } from './platform.ts';

const { Point } = ed25519;

/** Ed25519 in plain ECMAScript, for runtimes that have no synchronous one of their own. */
export const nobleEd25519: Ed25519Primitive = {
  name: 'noble',
  publicKey: (seed) => ed25519.getPublicKey(seed),
  signer: (seed) => {
    const key = seed.slice();
    return (message) => ed25519.sign(message, key);
  },
  verify: verifyCofactorless,
};

/**
 * The cofactorless check of RFC 8032, section 5.1.7: encode(sB - kA) equals R byte for byte. The library's own `verify`
 * multiplies by the cofactor, which accepts mixed-order points that OpenSSL and BoringSSL refuse.
 */
function verifyCofactorless(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= Point.Fn.ORDER) return false;
  const a = decodePoint(publicKey);
  if (a === undefined) return false;
  const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % Point.Fn.ORDER;
  const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), r);
}

function decodePoint(bytes: Uint8Array): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}
