import { digestBytes, encodeUtf8 } from '@exoarmur/canonical';

/** Where every choice of a fault comes from. The same seed makes the same choices on every platform. */
export interface FaultGenerator {
  /** A whole number from 0 to `bound` - 1, each equally likely. @throws RangeError unless 1 <= bound <= 2^32. */
  below(bound: number): number;
  /** An order of 0 to `count` - 1. */
  permutation(count: number): number[];
}

const DOMAIN = 'exoarmur.fault-generator/1';
const RANGE = 2 ** 32;

/**
 * SHA-256 in counter mode: word i is the first 32 bits of SHA-256(domain || 0x00 || "<seed>:<i>"). Words that would favour
 * small numbers are skipped. It is for repeatable tests and keeps nothing secret.
 */
export function createFaultGenerator(seed: string | number): FaultGenerator {
  let counter = 0;
  function word(): number {
    const digest = digestBytes(DOMAIN, encodeUtf8(`${seed}:${counter}`));
    counter += 1;
    return Number.parseInt(digest.slice('sha256:'.length, 'sha256:'.length + 8), 16);
  }
  function below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1 || bound > RANGE) throw new RangeError('bound must be 1 to 2^32');
    const limit = RANGE - (RANGE % bound);
    for (;;) {
      const value = word();
      if (value < limit) return value % bound;
    }
  }
  function permutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    for (let i = count - 1; i > 0; i--) {
      const j = below(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    return order;
  }
  return { below, permutation };
}
