import { emptyRoot, hashNode } from './merkle-hash.ts';

/**
 * An append-only RFC 6962 tree over leaf hashes, in memory. Keeps every perfect subtree, so roots and proofs of any size
 * up to the current one cost O(log² n) hashes and no leaf is read again.
 */
export class MerkleTree {
  // INVARIANT: #levels[h][i] is the root of the leaves [i·2^h, (i+1)·2^h), for every such range that is complete.
  readonly #levels: Uint8Array[][] = [[]];

  /** Number of leaves. */
  get size(): number {
    return (this.#levels[0] as Uint8Array[]).length;
  }

  /** Appends a leaf hash and returns its index. @throws RangeError unless it has 32 bytes. */
  append(leafHash: Uint8Array): number {
    if (leafHash.length !== 32) throw new RangeError('a leaf hash has 32 bytes');
    const index = this.size;
    let hash: Uint8Array = leafHash.slice();
    for (let height = 0; ; height++) {
      this.#levels[height] ??= [];
      const level = this.#levels[height] as Uint8Array[];
      level.push(hash);
      if (level.length % 2 === 1) return index;
      hash = hashNode(level[level.length - 2] as Uint8Array, hash);
    }
  }

  /** The leaf hash at an index. @throws RangeError */
  leafHash(index: number): Uint8Array {
    const hash = this.#levels[0]?.[index];
    if (hash === undefined) throw new RangeError('leaf index is outside the tree');
    return hash.slice();
  }

  /** The root of the first `size` leaves, of all when not given. @throws RangeError for a size that the tree has not reached. */
  root(size: number = this.size): Uint8Array {
    this.#checkSize(size);
    return size === 0 ? emptyRoot() : this.#rangeHash(0, size).slice();
  }

  /** The audit path of a leaf in the tree of `size`, the leaf's sibling first. @throws RangeError */
  proveInclusion(index: number, size: number = this.size): Uint8Array[] {
    this.#checkSize(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size)
      throw new RangeError('leaf index is outside the tree');
    const path: Uint8Array[] = [];
    let start = 0;
    let end = size;
    while (end - start > 1) {
      const middle = start + splitPoint(end - start);
      if (index < middle) {
        path.push(this.#rangeHash(middle, end).slice());
        end = middle;
      } else {
        path.push(this.#rangeHash(start, middle).slice());
        start = middle;
      }
    }
    return path.reverse();
  }

  /** The proof that the tree of `size1` is a prefix of the tree of `size2` (RFC 6962, section 2.1.2). @throws RangeError */
  proveConsistency(size1: number, size2: number = this.size): Uint8Array[] {
    this.#checkSize(size2);
    if (!Number.isSafeInteger(size1) || size1 < 1 || size1 > size2)
      throw new RangeError('sizes are not 1 ≤ size1 ≤ size2');
    const path: Uint8Array[] = [];
    let start = 0;
    let end = size2;
    while (size1 !== end) {
      const middle = start + splitPoint(end - start);
      if (size1 <= middle) {
        path.push(this.#rangeHash(middle, end).slice());
        end = middle;
      } else {
        path.push(this.#rangeHash(start, middle).slice());
        start = middle;
      }
    }
    // The subtree that ends at size1 is known to the verifier exactly when it is the whole old tree.
    if (start > 0) path.push(this.#rangeHash(start, end).slice());
    return path.reverse();
  }

  #rangeHash(start: number, end: number): Uint8Array {
    const size = end - start;
    const height = Math.log2(size);
    if (Number.isInteger(height)) return this.#levels[height]?.[start / size] as Uint8Array;
    const middle = start + splitPoint(size);
    return hashNode(this.#rangeHash(start, middle), this.#rangeHash(middle, end));
  }

  #checkSize(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) throw new RangeError('tree size is out of range');
  }
}

/** An empty {@link MerkleTree}. */
export function createTree(): MerkleTree {
  return new MerkleTree();
}

/** The largest power of two below `size`, for `size` ≥ 2 (RFC 6962, section 2.1). */
function splitPoint(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
