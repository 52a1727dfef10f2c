import { equalBytes } from './bytes.ts';
import { emptyRoot, hashNode } from './merkle-hash.ts';

/** Why a Merkle proof was refused. */
export type ProofFailureReason =
  | 'index_out_of_range'
  | 'malformed_hash'
  | 'path_too_long'
  | 'path_too_short'
  | 'root_mismatch'
  | 'size_out_of_range';

/** The answer of {@link verifyInclusion} and {@link verifyConsistency}. */
export type ProofVerdict =
  | { readonly outcome: 'valid' }
  | { readonly outcome: 'invalid'; readonly reason: ProofFailureReason };

/** Claim and evidence that a leaf is at an index of a tree. All of it may come from an attacker. */
export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  /** Sibling of the leaf first. */
  readonly path: readonly Uint8Array[];
}

/** Claim and evidence that a tree is a prefix of another. */
export interface ConsistencyClaim {
  readonly size1: number;
  readonly size2: number;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Verifies an RFC 6962 audit path (RFC 9162, section 2.1.3.2). Never throws. */
export function verifyInclusion(claim: InclusionClaim): ProofVerdict {
  if (!isHash(claim.root)) return invalid('malformed_hash');
  const root = rootFromInclusion(claim);
  if (typeof root === 'string') return invalid(root);
  return equalBytes(root, claim.root) ? { outcome: 'valid' } : invalid('root_mismatch');
}

/** The root that an audit path leads to, or why it leads nowhere. Means nothing until compared with a trusted root. */
export function rootFromInclusion(claim: Omit<InclusionClaim, 'root'>): Uint8Array | ProofFailureReason {
  const { index, size, leafHash, path } = claim;
  if (!Number.isSafeInteger(size) || size < 1) return 'size_out_of_range';
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return 'index_out_of_range';
  if (!isHash(leafHash) || !path.every(isHash)) return 'malformed_hash';
  const walk = new Walk(index, size - 1);
  let hash = leafHash;
  for (const sibling of path) {
    if (walk.atRoot) return 'path_too_long';
    hash = walk.isRightChild ? hashNode(sibling, hash) : hashNode(hash, sibling);
    walk.climb();
  }
  return walk.atRoot ? hash.slice() : 'path_too_short';
}

/**
 * Verifies an RFC 6962 consistency proof (RFC 9162, section 2.1.4.2). Equal sizes need equal roots and an empty path: the
 * roots are compared as they are, whatever their length, as the published vectors demand. The empty tree proves nothing
 * about another, so `size1` 0 is refused unless `size2` is 0 too. Never throws.
 */
export function verifyConsistency(claim: ConsistencyClaim): ProofVerdict {
  const { size1, size2, root1, root2, path } = claim;
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 0 || size2 < size1) {
    return invalid('size_out_of_range');
  }
  if (size1 === size2) {
    if (path.length > 0) return invalid('path_too_long');
    const expected = size1 === 0 ? emptyRoot() : root2;
    return equalBytes(root1, expected) && equalBytes(root1, root2) ? { outcome: 'valid' } : invalid('root_mismatch');
  }
  if (size1 === 0) return invalid('size_out_of_range');
  if (!isHash(root1) || !isHash(root2) || !path.every(isHash)) return invalid('malformed_hash');
  const walk = new Walk(size1 - 1, size2 - 1);
  walk.skipCompleteLevels();
  // When the old tree is one perfect subtree its root is the start of the path, and the path leaves it out.
  const [start, ...rest] = isPowerOfTwo(size1) ? [root1, ...path] : path;
  if (start === undefined) return invalid('path_too_short');
  let old = start;
  let hash = start;
  for (const sibling of rest) {
    if (walk.atRoot) return invalid('path_too_long');
    if (walk.isRightChild) {
      old = hashNode(sibling, old);
      hash = hashNode(sibling, hash);
    } else {
      hash = hashNode(hash, sibling);
    }
    walk.climb();
  }
  if (!walk.atRoot) return invalid('path_too_short');
  return equalBytes(old, root1) && equalBytes(hash, root2) ? { outcome: 'valid' } : invalid('root_mismatch');
}

/** The way from a node up the right-hand border of its tree; sizes may exceed 32 bits, hence divisions, not shifts. */
class Walk {
  #node: number;
  #last: number;

  constructor(node: number, last: number) {
    this.#node = node;
    this.#last = last;
  }

  get atRoot(): boolean {
    return this.#last === 0;
  }

  get isRightChild(): boolean {
    return this.#node % 2 === 1 || this.#node === this.#last;
  }

  climb(): void {
    // A last node with an even number has no sibling: it rises unhashed until it is a right child.
    if (this.#node === this.#last) while (this.#node % 2 === 0 && this.#node !== 0) this.#up();
    this.#up();
  }

  skipCompleteLevels(): void {
    while (this.#node % 2 === 1) this.#up();
  }

  #up(): void {
    this.#node = Math.floor(this.#node / 2);
    this.#last = Math.floor(this.#last / 2);
  }
}

function isHash(hash: Uint8Array): boolean {
  return hash.length === 32;
}

function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(Math.log2(size)) && 2 ** Math.round(Math.log2(size)) === size;
}

function invalid(reason: ProofFailureReason): ProofVerdict {
  return { outcome: 'invalid', reason };
}
