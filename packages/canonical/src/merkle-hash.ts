import { platform } from '#platform';

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;
const EMPTY_ROOT = platform.sha256(new Uint8Array(0));

/** RFC 6962 leaf hash, SHA-256(0x00 || entry). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(entry.length + 1);
  input[0] = LEAF_PREFIX;
  input.set(entry, 1);
  return platform.sha256(input);
}

/** RFC 6962 node hash, SHA-256(0x01 || left || right). @throws RangeError unless both children have 32 bytes. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) throw new RangeError('a node has two children of 32 bytes');
  const input = new Uint8Array(65);
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 33);
  return platform.sha256(input);
}

/** The root of the tree with no leaves, SHA-256(""). */
export function emptyRoot(): Uint8Array {
  return EMPTY_ROOT.slice();
}
