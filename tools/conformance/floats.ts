import { createHash, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CanonicalError, canonicalize } from '../../packages/canonical/src/index.ts';
import type { SuiteOptions, SuiteResult } from './suite.ts';

interface NumberSequence {
  readonly static_bits: readonly string[];
  readonly serial: { readonly first_bits: string; readonly count: number };
  readonly sha256_of_first_lines: Readonly<Record<string, string>>;
}

const SEQUENCE = JSON.parse(
  readFileSync(new URL('../../spec/vectors/jcs/es6-number-sequence.json', import.meta.url), 'utf8'),
) as NumberSequence;

/**
 * The published sequence of doubles in their ECMAScript spelling, compared by the digest of all lines. Our writer spells each
 * number; one that the profile refuses (unsafe integers, -0) is spelled by ECMAScript itself and the refusal is checked.
 */
export function runFloats({ floats }: SuiteOptions): SuiteResult {
  const expected = SEQUENCE.sha256_of_first_lines[String(floats)];
  if (expected === undefined) {
    throw new Error(`--floats must be one of ${Object.keys(SEQUENCE.sha256_of_first_lines).join(', ')}`);
  }
  const digest = createHash('sha256');
  let refused = 0;
  let wronglyRefused = 0;
  let lines = '';
  let written = 0;
  for (const { bits, value } of numbers()) {
    const text = spell(value);
    if (text === undefined) refused++;
    if ((text === undefined) !== isOutsideProfile(value)) wronglyRefused++;
    lines += `${bits},${text ?? String(value)}\n`;
    if (lines.length > 65_536) {
      digest.update(lines);
      lines = '';
    }
    if (++written === floats) break;
  }
  const actual = digest.update(lines).digest('hex');
  const mismatches = [
    ...(actual === expected ? [] : [`digest of the first ${floats} lines is ${actual}, not ${expected}`]),
    ...(wronglyRefused === 0 ? [] : [`${wronglyRefused} numbers on the wrong side of the profile`]),
  ];
  return { suite: 'floats', cases: written, mismatches, remark: `${refused} outside the profile and refused` };
}

function spell(value: number): string | undefined {
  try {
    return canonicalize(value);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

// Said a second way on purpose: the profile's own predicate must not vouch for itself.
function isOutsideProfile(value: number): boolean {
  return Object.is(value, -0) || (Math.abs(value) >= 2 ** 53 && Math.floor(value) === value);
}

/** Static values, then a run of consecutive doubles, then the hash chain of 32 zero bytes read as doubles. */
function* numbers(): Generator<{ readonly bits: string; readonly value: number }> {
  const view = new DataView(new ArrayBuffer(8));
  const fromBits = (bits: bigint) => {
    view.setBigUint64(0, bits);
    return { bits: bits.toString(16), value: view.getFloat64(0) };
  };
  for (const bits of SEQUENCE.static_bits) yield fromBits(BigInt(`0x${bits}`));
  const first = BigInt(`0x${SEQUENCE.serial.first_bits}`);
  for (let i = 0; i < SEQUENCE.serial.count; i++) yield fromBits(first + BigInt(i));
  for (let block: Uint8Array = new Uint8Array(32); ; ) {
    block = hash('sha256', block, 'buffer');
    const words = new DataView(block.buffer, block.byteOffset, 32);
    for (let offset = 0; offset < 32; offset += 8) {
      const value = words.getFloat64(offset, true);
      if (value === 0 || !Number.isFinite(value)) continue;
      yield { bits: words.getBigUint64(offset, true).toString(16), value };
    }
  }
}
