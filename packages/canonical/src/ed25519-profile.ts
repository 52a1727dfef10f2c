import { decodeHex } from './hex.ts';

/**
 * The one acceptance profile for Ed25519 (spec/keys-and-signatures.md, "Acceptance"). RFC 8032 leaves these points open
 * and libraries differ on them; two verifiers that disagree about one bundle would be worth nothing as evidence.
 */
export const ED25519_PROFILE = Object.freeze({
  seedBytes: 32,
  publicKeyBytes: 32,
  signatureBytes: 64,
  /** A and R must encode y < p = 2^255 - 19. */
  canonicalPoints: true,
  /** S must be below the group order L. */
  canonicalScalar: true,
  /** The 14 encodings of the eight small-order points are refused, as A and as R. */
  smallOrderPoints: 'refused',
  /** encode(S·B - k·A) must equal R byte for byte. */
  equation: 'cofactorless',
} as const);

/** Group order L, little-endian. */
const ORDER = decodeHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** Every 32-byte encoding that decodes to a point of order 1, 2, 4 or 8, with the sign bit cleared: 14 with either sign. */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(decodeHex);

/** Whether a 32-byte encoding may stand for a public key A or a commitment R. Says nothing about being on the curve. */
export function isProfilePoint(bytes: Uint8Array): boolean {
  return bytes.length === 32 && isCanonicalY(bytes) && !SMALL_ORDER_Y.some((y) => equalWithoutSign(y, bytes));
}

/** Whether key and signature have the lengths and encodings of the profile, so that only the equation is left to check. */
export function hasProfileEncoding(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    isProfilePoint(publicKey) &&
    isProfilePoint(signature.subarray(0, 32)) &&
    isBelow(signature.subarray(32), ORDER)
  );
}

function isCanonicalY(bytes: Uint8Array): boolean {
  // y >= p needs every byte but the first at its maximum, the sign bit aside.
  if (((bytes[31] as number) & 0x7f) !== 0x7f || (bytes[0] as number) < 0xed) return true;
  for (let i = 1; i < 31; i++) if (bytes[i] !== 0xff) return true;
  return false;
}

function equalWithoutSign(y: Uint8Array, bytes: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (y[i] !== bytes[i]) return false;
  return y[31] === ((bytes[31] as number) & 0x7f);
}

function isBelow(bytes: Uint8Array, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (bytes[i] as number) - (bound[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
