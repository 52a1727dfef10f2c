import { concatBytes } from '../bytes.ts';

/** Inputs up to here are put together in one buffer that is used again: most are short, and memory is dearer than SHA-256. */
const SCRATCH = new Uint8Array(65_536);

/** Byte strings put together. The result is a view of a shared buffer: to be hashed at once, never to be kept. */
export function joinToHash(first: Uint8Array, second: Uint8Array, third?: Uint8Array): Uint8Array {
  const afterFirst = first.length;
  const afterSecond = afterFirst + second.length;
  const length = afterSecond + (third?.length ?? 0);
  if (length > SCRATCH.length) return concatBytes(first, second, third ?? new Uint8Array(0));
  SCRATCH.set(first);
  SCRATCH.set(second, afterFirst);
  if (third !== undefined) SCRATCH.set(third, afterSecond);
  return SCRATCH.subarray(0, length);
}
