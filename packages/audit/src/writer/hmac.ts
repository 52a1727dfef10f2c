import { concatBytes, sha256 } from '@exoarmur/canonical';

const BLOCK_BYTES = 64;

/** HMAC-SHA256 (RFC 2104). @throws RangeError unless the key has 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new RangeError('key must have 32 bytes');
  const inner = new Uint8Array(BLOCK_BYTES).fill(0x36);
  const outer = new Uint8Array(BLOCK_BYTES).fill(0x5c);
  for (const [index, byte] of key.entries()) {
    inner[index] = 0x36 ^ byte;
    outer[index] = 0x5c ^ byte;
  }
  return sha256(concatBytes(outer, sha256(concatBytes(inner, message))));
}
