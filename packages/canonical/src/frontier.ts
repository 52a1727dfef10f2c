import { emptyRoot, hashNode } from './merkle-hash.ts';

/**
 * The least a log must remember to go on appending: the roots of the perfect subtrees that make up the tree, largest
 * first. Cannot make proofs; {@link MerkleTree} can.
 */
export class Frontier {
  // INVARIANT: #hashes.length is the number of 1 bits in #size; append merges equal heights until that holds again.
  #size: number;
  readonly #hashes: Uint8Array[];

  /** An empty frontier, or one restored from a state. @throws RangeError when the hashes do not fit the size. */
  constructor(state: { readonly size: number; readonly hashes: readonly Uint8Array[] } = { size: 0, hashes: [] }) {
    if (!Number.isSafeInteger(state.size) || state.size < 0) throw new RangeError('frontier size is out of range');
    if (state.hashes.length !== countOnes(state.size) || state.hashes.some((hash) => hash.length !== 32)) {
      throw new RangeError('frontier hashes do not fit its size');
    }
    this.#size = state.size;
    this.#hashes = state.hashes.map((hash) => hash.slice());
  }

  /** Number of leaves appended so far. */
  get size(): number {
    return this.#size;
  }

  /** The subtree roots, largest subtree first; with `size`, all that is needed to restore the frontier. */
  get hashes(): Uint8Array[] {
    return this.#hashes.map((hash) => hash.slice());
  }

  /** Appends a leaf hash and returns its index. @throws RangeError unless it has 32 bytes. */
  append(leafHash: Uint8Array): number {
    if (leafHash.length !== 32) throw new RangeError('a leaf hash has 32 bytes');
    const index = this.#size;
    let hash: Uint8Array = leafHash.slice();
    for (let rest = index; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      hash = hashNode(this.#hashes.pop() as Uint8Array, hash);
    }
    this.#hashes.push(hash);
    this.#size++;
    return index;
  }

  /** The RFC 6962 root of everything appended. */
  root(): Uint8Array {
    const last = this.#hashes.at(-1);
    if (last === undefined) return emptyRoot();
    return this.#hashes
      .slice(0, -1)
      .reduceRight((right, left) => hashNode(left, right), last)
      .slice();
  }
}

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
