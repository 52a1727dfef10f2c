import { emptyRoot, hashLeaf, hashNode } from '@exoarmur/canonical';
import type { AuditLogStore } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { GrowingTree, TILE_WIDTH } from './growing-tree.ts';

/** Tiles kept in memory, with all hashes above them: 16 KiB each. */
const CACHED_TILES = 256;

type Tile = readonly (readonly Uint8Array[])[];

/**
 * The tree of one tenant as the store keeps it: full tiles, and the entries after the last of them. Answers roots and
 * proofs for any size up to the head, reading O(log n) tiles.
 */
export class LogTree {
  readonly #store: AuditLogStore;
  readonly #tenant: string;
  // Entries never change, so a tile of one width never does either.
  readonly #tiles = new Map<string, Tile>();

  constructor(store: AuditLogStore, tenant: string) {
    this.#store = store;
    this.#tenant = tenant;
  }

  /** The right edge at `size`, ready to go on. @throws AuditError AUDIT_LOG_CORRUPT when tiles or entries are missing. */
  async grow(size: number): Promise<GrowingTree> {
    const levels: Promise<readonly Uint8Array[]>[] = [];
    for (let level = 0, count = size; level === 0 || count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
      levels.push(this.#partial(level, Math.floor(count / TILE_WIDTH), count % TILE_WIDTH));
    }
    return GrowingTree.restore(size, await Promise.all(levels));
  }

  /** RFC 6962 root of the first `size` leaves. */
  async root(size: number): Promise<Uint8Array> {
    return size === 0 ? emptyRoot() : this.#range(0, size, size);
  }

  /** Inclusion path of leaf `index` in the tree of `size`, sibling of the leaf first (RFC 6962 section 2.1.1). */
  async proveInclusion(index: number, size: number): Promise<Uint8Array[]> {
    if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) throw new RangeError('index is not in the tree');
    return this.#path(index, 0, size, size);
  }

  /** Consistency path from `size1` to `size2` (RFC 6962 section 2.1.2); empty for size 0 and for equal sizes. */
  async proveConsistency(size1: number, size2: number): Promise<Uint8Array[]> {
    if (!(Number.isSafeInteger(size1) && size1 >= 0 && size1 <= size2)) throw new RangeError('sizes are out of order');
    if (size1 === 0 || size1 === size2) return [];
    return this.#subproof(size1, 0, size2, true, size2);
  }

  /** Hashes of one tile of the tree of `size`, 1 to 256 of them. */
  async tile(level: number, index: number, size: number): Promise<readonly Uint8Array[]> {
    return (await this.#tile(level, index, Math.floor(size / TILE_WIDTH ** level)))[0] ?? [];
  }

  async #path(index: number, start: number, end: number, size: number): Promise<Uint8Array[]> {
    if (end - start === 1) return [];
    const middle = start + splitPoint(end - start);
    return index < middle
      ? [...(await this.#path(index, start, middle, size)), await this.#range(middle, end, size)]
      : [...(await this.#path(index, middle, end, size)), await this.#range(start, middle, size)];
  }

  async #subproof(size1: number, start: number, end: number, whole: boolean, size: number): Promise<Uint8Array[]> {
    if (size1 === end) return whole ? [] : [await this.#range(start, end, size)];
    const middle = start + splitPoint(end - start);
    return size1 <= middle
      ? [...(await this.#subproof(size1, start, middle, whole, size)), await this.#range(middle, end, size)]
      : [...(await this.#subproof(size1, middle, end, false, size)), await this.#range(start, middle, size)];
  }

  /** Root of the leaves [start, end) of the tree of `size`; `start` is a multiple of the next power of two. */
  async #range(start: number, end: number, size: number): Promise<Uint8Array> {
    const count = end - start;
    const height = Math.log2(count);
    if (Number.isInteger(height) && 2 ** height === count) return this.#node(height, start / count, size);
    const middle = start + splitPoint(count);
    return hashNode(await this.#range(start, middle, size), await this.#range(middle, end, size));
  }

  /** Root of the complete subtree of 2^height leaves with this index at that height. */
  async #node(height: number, index: number, size: number): Promise<Uint8Array> {
    const level = Math.floor(height / 8);
    const above = height % 8;
    const first = index * 2 ** above;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const tile = await this.#tile(level, tileIndex, Math.floor(size / TILE_WIDTH ** level));
    const hash = tile[above]?.[(first % TILE_WIDTH) / 2 ** above];
    if (hash === undefined) throw corrupt(`tile ${level}/${tileIndex} is too short`);
    return hash;
  }

  async #tile(level: number, index: number, count: number): Promise<Tile> {
    const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
    const key = `${level}/${index}.${width}`;
    const cached = this.#tiles.get(key);
    if (cached !== undefined) return cached;
    const tile = fold(width < TILE_WIDTH ? await this.#partial(level, index, width) : await this.#full(level, index));
    if (this.#tiles.size >= CACHED_TILES) this.#tiles.delete(this.#tiles.keys().next().value as string);
    this.#tiles.set(key, tile);
    return tile;
  }

  async #full(level: number, index: number): Promise<readonly Uint8Array[]> {
    const bytes = await this.#store.tile(this.#tenant, level, index);
    if (bytes?.length !== TILE_WIDTH * 32) throw corrupt(`tile ${level}/${index} is missing`);
    return Array.from({ length: TILE_WIDTH }, (_, i) => bytes.subarray(i * 32, i * 32 + 32));
  }

  /** First `width` hashes of a tile that was not full at the size in question; the store may have it full by now. */
  async #partial(level: number, index: number, width: number): Promise<readonly Uint8Array[]> {
    if (width === 0) return [];
    const full = await this.#store.tile(this.#tenant, level, index);
    if (full !== null) return Array.from({ length: width }, (_, i) => full.slice(i * 32, i * 32 + 32));
    const from = index * TILE_WIDTH;
    const hashes =
      level === 0
        ? (await this.#store.entries(this.#tenant, { from, limit: width })).map(({ bytes }) => hashLeaf(bytes))
        : await this.#store.tileRoots(this.#tenant, level - 1, { from, limit: width });
    if (hashes.length !== width) throw corrupt(`hashes of tile ${level}/${index} are missing`);
    return hashes;
  }
}

/** All hashes of a tile from its own level upwards, complete pairs only. */
function fold(hashes: readonly Uint8Array[]): Tile {
  const rows: (readonly Uint8Array[])[] = [hashes];
  for (let row = hashes; row.length > 1; ) {
    const next: Uint8Array[] = [];
    for (let i = 0; i + 1 < row.length; i += 2) next.push(hashNode(row[i] as Uint8Array, row[i + 1] as Uint8Array));
    rows.push(next);
    row = next;
  }
  return rows;
}

/** Largest power of two below `count`, for `count` of 2 or more. */
function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function corrupt(message: string): AuditError {
  return new AuditError('AUDIT_LOG_CORRUPT', message);
}
