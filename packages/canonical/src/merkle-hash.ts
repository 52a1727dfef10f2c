import { platform } from '#platform';
import type { Digest } from './digest.ts';
import { decodeDigits } from './hex.ts';
import { joinToHash } from './internal/join-to-hash.ts';

const LEAF_PREFIX = Uint8Array.of(0x00);
/** The input of every node hash, filled anew each time: prefix and two children. */
const NODE = new Uint8Array(65);
NODE[0] = 0x01;
const EMPTY_ROOT = platform.sha256(new Uint8Array(0));

/** RFC 6962 leaf hash, SHA-256(0x00 || entry). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  return platform.sha256(joinToHash(LEAF_PREFIX, entry));
}

/** {@link hashLeaf} as digest text: how a record is named. */
export function digestLeaf(entry: Uint8Array): Digest {
  return `sha256:${platform.sha256Hex(joinToHash(LEAF_PREFIX, entry))}`;
}

/** {@link hashLeaf} and {@link digestLeaf} at the price of one. */
export function identifyLeaf(entry: Uint8Array): { readonly hash: Uint8Array; readonly digest: Digest } {
  const hex = platform.sha256Hex(joinToHash(LEAF_PREFIX, entry));
  return { hash: decodeDigits(hex), digest: `sha256:${hex}` };
}

/** RFC 6962 node hash, SHA-256(0x01 || left || right). @throws RangeError unless both children have 32 bytes. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) throw new RangeError('a node has two children of 32 bytes');
  NODE.set(left, 1);
  NODE.set(right, 33);
  return platform.sha256(NODE);
}

/** The root of the tree with no leaves, SHA-256(""). */
export function emptyRoot(): Uint8Array {
  return EMPTY_ROOT.slice();
}
