import { emptyRoot, hashNode } from '@exoarmur/canonical';
import type { NewLogTile } from '@exoarmur/contracts';

/** Hashes in a full tile, and the height of one (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

interface Peak {
  readonly height: number;
  readonly hash: Uint8Array;
}

/** The hashes of every partial tile, level by level: all that is needed to go on appending. */
export type PartialTiles = readonly (readonly Uint8Array[])[];

/**
 * The right edge of an RFC 6962 tree: appends leaf hashes, gives the root, and hands out each tile that became full.
 * Memory does not grow with the log. A batch works on a {@link GrowingTree.clone}, which replaces the original when the
 * store has taken it.
 */
export class GrowingTree {
  // INVARIANT: the heights of #peaks fall strictly, and the sum of 2^height is #size.
  #size = 0;
  #peaks: Peak[] = [];
  #partial: Uint8Array[][] = [[]];
  #full: NewLogTile[] = [];
  #root: Uint8Array | undefined;

  /** The tree of the given size whose partial tiles are these. @throws RangeError when they do not fit the size. */
  static restore(size: number, partial: PartialTiles): GrowingTree {
    const tree = new GrowingTree();
    let rest = size;
    for (const [level, hashes] of partial.entries()) {
      if (hashes.length !== rest % TILE_WIDTH) throw new RangeError('partial tiles do not fit the tree size');
      rest = Math.floor(rest / TILE_WIDTH);
      tree.#partial[level] = [...hashes];
    }
    if (rest !== 0) throw new RangeError('partial tiles do not fit the tree size');
    for (let level = partial.length - 1; level >= 0; level--) {
      for (const hash of partial[level] ?? []) tree.#push({ height: level * TILE_HEIGHT, hash }, false);
    }
    tree.#size = size;
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** Hashes of the partial tile of a level, empty when that level ends in a full tile or does not exist. */
  partial(level: number): readonly Uint8Array[] {
    return this.#partial[level] ?? [];
  }

  clone(): GrowingTree {
    const tree = new GrowingTree();
    tree.#size = this.#size;
    tree.#peaks = this.#peaks.slice();
    tree.#partial = this.#partial.map((hashes) => hashes.slice());
    tree.#root = this.#root;
    return tree;
  }

  /** Appends a leaf hash of 32 bytes. */
  append(leafHash: Uint8Array): void {
    (this.#partial[0] as Uint8Array[]).push(leafHash);
    this.#push({ height: 0, hash: leafHash }, true);
    this.#size++;
    this.#root = undefined;
  }

  get hasFullTiles(): boolean {
    return this.#full.length > 0;
  }

  /** Tiles that became full since the last call, lower levels first. */
  takeFullTiles(): NewLogTile[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** RFC 6962 root of everything appended. */
  root(): Uint8Array {
    const last = this.#peaks.at(-1);
    this.#root ??=
      last === undefined
        ? emptyRoot()
        : this.#peaks.slice(0, -1).reduceRight((right, left) => hashNode(left.hash, right), last.hash);
    return this.#root;
  }

  #push(peak: Peak, isNew: boolean): void {
    let { height, hash } = peak;
    while (this.#peaks.at(-1)?.height === height) {
      hash = hashNode((this.#peaks.pop() as Peak).hash, hash);
      height++;
      if (isNew && height % TILE_HEIGHT === 0) this.#closeTile(height / TILE_HEIGHT - 1, hash);
    }
    this.#peaks.push({ height, hash });
  }

  #closeTile(level: number, root: Uint8Array): void {
    const hashes = this.#partial[level] as Uint8Array[];
    const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
    this.#full.push({ level, index, hashes: joinHashes(hashes), root });
    this.#partial[level] = [];
    this.#partial[level + 1] ??= [];
    this.#partial[level + 1]?.push(root);
  }
}

/** Hashes side by side, as a tile holds them. */
export function joinHashes(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * 32);
  for (const [index, hash] of hashes.entries()) bytes.set(hash, index * 32);
  return bytes;
}
