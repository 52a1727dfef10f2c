import { platform } from '#platform';
import { createKeyPair } from './ed25519.ts';
import { createVerifierKey, formatVerifierKey } from './verifier-key.ts';

/** Signs in the name of one key; the seed itself cannot be read back from it. */
export interface NamedSigner {
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** The vkey text to hand to verifiers. */
  readonly vkey: string;
  /** Ed25519 signature of the message, 64 bytes, deterministic. */
  sign(message: Uint8Array): Uint8Array;
}

const own = new WeakSet<object>();

/**
 * Whether a signer is one of {@link createSigner}, unchanged, whose signatures are those of its key. Those of any other,
 * such as a key in hardware or at a service, are to be verified before anybody relies on them.
 */
export function isOwnSigner(signer: object): boolean {
  return own.has(signer);
}

/**
 * A signer over a 32-byte seed. @throws TypeError for a name that no vkey can carry, RangeError for another seed length.
 */
export function createSigner(name: string, seed: Uint8Array): NamedSigner {
  const pair = createKeyPair(seed);
  const { publicKey } = createVerifierKey(name, pair.publicKey);
  const sign = platform.ed25519.signer(pair.seed);
  const signer: NamedSigner = Object.freeze({
    name,
    publicKey,
    vkey: formatVerifierKey({ name, publicKey }),
    sign: (message: Uint8Array) => sign(message),
  });
  own.add(signer);
  return signer;
}
