import { platform } from '#platform';
import { ED25519_PROFILE, hasProfileEncoding } from './ed25519-profile.ts';
import { nobleEd25519 } from './platform/noble.ts';
import type { Ed25519Primitive } from './platform/platform.ts';
import { hasWebCrypto, webcryptoEd25519 } from './platform/webcrypto.ts';

/** An Ed25519 key pair. The seed is the secret: 32 bytes, from a random source the caller brings. */
export interface KeyPair {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** One implementation of Ed25519 behind the profile; WebCrypto answers later. */
export interface Ed25519Backend {
  readonly name: string;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** The key pair of a seed (RFC 8032, section 5.1.5). @throws RangeError unless the seed has 32 bytes. */
export function createKeyPair(seed: Uint8Array): KeyPair {
  return { seed: checkSeed(seed).slice(), publicKey: platform.ed25519.publicKey(seed) };
}

/** Signs a message; deterministic, 64 bytes. @throws RangeError unless the seed has 32 bytes. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return platform.ed25519.signer(checkSeed(seed))(message);
}

/**
 * Whether a signature is valid under {@link ED25519_PROFILE}. All three inputs may come from an attacker; anything
 * malformed is `false`, never an error. The answer is the same on every platform.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return hasProfileEncoding(publicKey, signature) && platform.ed25519.verify(publicKey, message, signature);
}

/** Every implementation at hand, so that their agreement can be tested. Products call {@link verifyEd25519}. */
export const ed25519Backends: {
  readonly node?: Ed25519Backend;
  readonly webcrypto?: Ed25519Backend;
  readonly noble: Ed25519Backend;
} = {
  ...(platform.nativeEd25519 === undefined ? {} : { node: behindProfile(platform.nativeEd25519) }),
  ...(hasWebCrypto ? { webcrypto: behindProfile(webcryptoEd25519) } : {}),
  noble: behindProfile(nobleEd25519),
};

interface AnyPrimitive extends Pick<Ed25519Primitive, 'name'> {
  signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
}

function behindProfile(primitive: AnyPrimitive): Ed25519Backend {
  return {
    name: primitive.name,
    verify: (publicKey, message, signature) =>
      hasProfileEncoding(publicKey, signature) && primitive.verify(publicKey, message, signature),
    sign: (seed, message) => primitive.signer(checkSeed(seed))(message),
  };
}

function checkSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== ED25519_PROFILE.seedBytes) throw new RangeError('an Ed25519 seed has 32 bytes');
  return seed;
}
