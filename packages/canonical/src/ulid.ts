const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const MAX_TIME_MS = 2 ** 48 - 1;

/** Whether a value is an upper-case ULID that fits in 128 bits. */
export function isUlid(value: unknown): value is string {
  return typeof value === 'string' && ULID.test(value);
}

/**
 * A ULID from a time in milliseconds (0 to 2^48-1) and ten random bytes, both brought by the caller.
 * @throws RangeError for a time out of range or another number of bytes.
 */
export function createUlid(epochMs: number, random: Uint8Array): string {
  if (!Number.isInteger(epochMs) || epochMs < 0 || epochMs > MAX_TIME_MS)
    throw new RangeError('ULID time out of range');
  if (random.length !== 10) throw new RangeError('a ULID needs 10 random bytes');
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(epochMs) << 16n);
  bytes.set(random, 6);
  return encodeUlid(bytes);
}

/** The ULID text of 16 bytes, big-endian. @throws RangeError for another length. */
export function encodeUlid(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError('a ULID has 16 bytes');
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += CROCKFORD[Number((value >> shift) & 31n)];
  return text;
}
