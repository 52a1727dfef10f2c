import { concatBytes, encodeUtf8, sha256 } from '@exoarmur/canonical';
import type { Clock, RandomSource } from '@exoarmur/contracts';

/** A clock that stands still. */
export function createFixedClock(epochMs: number): Clock {
  return { now: () => epochMs };
}

/**
 * Bytes that are the same in every run: SHA-256 of a label and a counter, block after block. For demonstrations only:
 * whoever knows the label knows every byte.
 */
export function createCountingRandomSource(label: string): RandomSource {
  const prefix = encodeUtf8(`${label}\n`);
  let counter = 0;
  const nextBlock = (): Uint8Array => sha256(concatBytes(prefix, encodeUtf8(String(counter++))));
  return {
    bytes(length) {
      const blocks = Array.from({ length: Math.ceil(length / 32) }, nextBlock);
      return concatBytes(...blocks).slice(0, length);
    },
  };
}
