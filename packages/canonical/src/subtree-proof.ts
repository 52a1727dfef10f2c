import { equalBytes } from './bytes.ts';
import { emptyRoot, hashNode } from './merkle-hash.ts';
import { type ProofVerdict, verifyConsistency, verifyInclusion } from './merkle-proof.ts';

/** The leaves [start, end) of a tree; a subtree when `start` is a multiple of the least power of two ≥ the width. */
export interface Subtree {
  readonly start: number;
  readonly end: number;
}

/** Whether a non-empty range of leaves is a subtree in the sense of draft-ietf-plants-merkle-tree-certs, section 4.1. */
export function isSubtree({ start, end }: Subtree): boolean {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end <= start) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}

/** Verifies that a leaf is in a subtree with a known root; `index` counts from the start of the log. Never throws. */
export function verifySubtreeInclusion(
  claim: Subtree & {
    readonly index: number;
    readonly leafHash: Uint8Array;
    readonly root: Uint8Array;
    readonly path: readonly Uint8Array[];
  },
): ProofVerdict {
  if (!isSubtree(claim)) return { outcome: 'invalid', reason: 'size_out_of_range' };
  const { start, end, index, leafHash, root, path } = claim;
  return verifyInclusion({ index: index - start, size: end - start, leafHash, root, path });
}

/**
 * Verifies that a subtree's root is part of the tree of `size` (draft-ietf-plants-merkle-tree-certs, section 4.4.3). With
 * `start` 0 it is the consistency proof of RFC 6962. Never throws.
 */
export function verifySubtreeConsistency(
  claim: Subtree & {
    readonly size: number;
    readonly subtreeRoot: Uint8Array;
    readonly root: Uint8Array;
    readonly path: readonly Uint8Array[];
  },
): ProofVerdict {
  const { start, end, size, subtreeRoot, root, path } = claim;
  if (start === end) return verifyEmptySubtree(claim);
  if (!isSubtree(claim) || !Number.isSafeInteger(size) || end > size) return invalid('size_out_of_range');
  if (start === 0) return verifyConsistency({ size1: end, size2: size, root1: subtreeRoot, root2: root, path });
  if ([subtreeRoot, root, ...path].some((hash) => hash.length !== 32)) return invalid('malformed_hash');
  let [first, node, last] = [start, end - 1, size - 1];
  const up = () => {
    [first, node, last] = [Math.floor(first / 2), Math.floor(node / 2), Math.floor(last / 2)];
  };
  // A subtree at the right-hand border is one node; any other is climbed as far as it is complete.
  if (node === last) while (first !== node) up();
  else while (first !== node && node % 2 === 1) up();
  const [seed, ...rest] = first === node ? [subtreeRoot, ...path] : path;
  if (seed === undefined) return invalid('path_too_short');
  let known = seed;
  let whole = seed;
  for (const sibling of rest) {
    if (last === 0) return invalid('path_too_long');
    if (node % 2 === 1 || node === last) {
      if (first < node) known = hashNode(sibling, known);
      whole = hashNode(sibling, whole);
      while (node % 2 === 0 && node !== 0) up();
    } else {
      whole = hashNode(whole, sibling);
    }
    up();
  }
  if (last !== 0) return invalid('path_too_short');
  return equalBytes(known, subtreeRoot) && equalBytes(whole, root) ? { outcome: 'valid' } : invalid('root_mismatch');
}

/** An empty range is in every tree that reaches it, and says nothing about that tree's root. */
function verifyEmptySubtree(claim: Parameters<typeof verifySubtreeConsistency>[0]): ProofVerdict {
  const { start, size, subtreeRoot, path } = claim;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(size) || start < 0 || start > size) {
    return invalid('size_out_of_range');
  }
  if (path.length > 0) return invalid('path_too_long');
  return equalBytes(subtreeRoot, emptyRoot()) ? { outcome: 'valid' } : invalid('root_mismatch');
}

function invalid(reason: Extract<ProofVerdict, { outcome: 'invalid' }>['reason']): ProofVerdict {
  return { outcome: 'invalid', reason };
}
