import { describe, expect, it } from 'vitest';
import { naiveRoot } from '../test/merkle.model.ts';
import { Frontier } from './frontier.ts';
import { decodeHex, encodeHex } from './hex.ts';
import { digestLeaf, emptyRoot, hashLeaf, hashNode, identifyLeaf } from './merkle-hash.ts';
import { rootFromInclusion, verifyConsistency, verifyInclusion } from './merkle-proof.ts';
import { createTree } from './merkle-tree.ts';
import { isSubtree, verifySubtreeConsistency, verifySubtreeInclusion } from './subtree-proof.ts';

const MAX = 64;
const leaves = Array.from({ length: MAX }, (_, i) => hashLeaf(Uint8Array.of(i)));
const tree = createTree();
for (const leaf of leaves) tree.append(leaf);
const flipped = (hash: Uint8Array) => Uint8Array.from(hash, (byte, i) => (i === 7 ? byte ^ 16 : byte));
const replaced = <T>(list: readonly T[], at: number, value: T) => list.map((old, i) => (i === at ? value : old));

describe('the tree', () => {
  it('names a leaf by its hash, in bytes and in text', () => {
    for (const length of [0, 1, 64, 470, 70_000]) {
      const entry = new Uint8Array(length).fill(length);
      expect(identifyLeaf(entry)).toEqual({ hash: hashLeaf(entry), digest: digestLeaf(entry) });
      expect(digestLeaf(entry)).toBe(`sha256:${encodeHex(hashLeaf(entry))}`);
    }
  });

  it('has the roots of RFC 6962 test data', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const small = createTree();
    expect(encodeHex(small.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [i, input] of inputs.entries()) {
      expect(small.append(hashLeaf(decodeHex(input)))).toBe(i);
      expect(encodeHex(small.root())).toBe(roots[i]);
    }
  });

  it('agrees with the recursive definition and with the frontier at every size', () => {
    const frontier = new Frontier();
    for (let size = 0; size <= MAX; size++) {
      const root = naiveRoot(leaves.slice(0, size));
      expect(tree.root(size)).toEqual(root);
      expect(frontier.root()).toEqual(root);
      const restored = new Frontier({ size: frontier.size, hashes: frontier.hashes });
      expect(restored.root()).toEqual(root);
      if (size < MAX) expect([frontier.append(leaves[size] as Uint8Array), frontier.size]).toEqual([size, size + 1]);
    }
  });

  it('hands out copies only', () => {
    tree.root().fill(0);
    tree.leafHash(0).fill(0);
    for (const hash of tree.proveInclusion(3)) hash.fill(0);
    emptyRoot().fill(0);
    expect(tree.root()).toEqual(naiveRoot(leaves));
    expect(createTree().root()).toEqual(naiveRoot([]));
  });

  it('refuses sizes, indexes and hashes out of range', () => {
    for (const run of [
      () => tree.append(new Uint8Array(31)),
      () => tree.leafHash(MAX),
      () => tree.root(MAX + 1),
      () => tree.root(-1),
      () => tree.root(1.5),
      () => tree.proveInclusion(5, 5),
      () => tree.proveInclusion(-1),
      () => tree.proveInclusion(0, MAX + 1),
      () => tree.proveConsistency(0),
      () => tree.proveConsistency(5, 4),
      () => tree.proveConsistency(1, MAX + 1),
      () => hashNode(new Uint8Array(31), new Uint8Array(32)),
      () => new Frontier({ size: 3, hashes: [new Uint8Array(32)] }),
      () => new Frontier({ size: 1, hashes: [new Uint8Array(31)] }),
      () => new Frontier({ size: -1, hashes: [] }),
      () => new Frontier().append(new Uint8Array(33)),
    ]) {
      expect(run).toThrow(RangeError);
    }
  });
});

describe('inclusion proofs', () => {
  it('of every leaf of every tree to 64 verify, and with any one thing changed do not', () => {
    for (let size = 1; size <= MAX; size++) {
      const root = tree.root(size);
      for (let index = 0; index < size; index++) {
        const path = tree.proveInclusion(index, size);
        const claim = { index, size, leafHash: leaves[index] as Uint8Array, root, path };
        expect(verifyInclusion(claim)).toEqual({ outcome: 'valid' });
        expect(rootFromInclusion(claim)).toEqual(root);
        const wrong = [
          ...path.map((hash, i) => ({ ...claim, path: replaced(path, i, flipped(hash)) })),
          { ...claim, root: flipped(root) },
          { ...claim, leafHash: flipped(claim.leafHash) },
          { ...claim, path: [...path, root] },
          ...(path.length > 0
            ? [
                { ...claim, path: path.slice(1) },
                { ...claim, path: path.slice(0, -1) },
              ]
            : []),
          { ...claim, index: index + 1 },
          { ...claim, index: size },
        ];
        for (const bad of wrong) expect(verifyInclusion(bad).outcome).toBe('invalid');
      }
    }
  });

  it('name the reason', () => {
    const claim = {
      index: 2,
      size: 5,
      leafHash: leaves[2] as Uint8Array,
      root: tree.root(5),
      path: tree.proveInclusion(2, 5),
    };
    const reason = (change: Partial<typeof claim>) => verifyInclusion({ ...claim, ...change });
    expect(reason({ index: 5 })).toEqual({ outcome: 'invalid', reason: 'index_out_of_range' });
    expect(reason({ index: -1 })).toEqual({ outcome: 'invalid', reason: 'index_out_of_range' });
    expect(reason({ index: 0.5 })).toEqual({ outcome: 'invalid', reason: 'index_out_of_range' });
    expect(reason({ size: 0 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ size: 2 ** 53 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ path: claim.path.slice(1) })).toEqual({ outcome: 'invalid', reason: 'path_too_short' });
    expect(reason({ path: [...claim.path, claim.root] })).toEqual({ outcome: 'invalid', reason: 'path_too_long' });
    expect(reason({ leafHash: new Uint8Array(31) })).toEqual({ outcome: 'invalid', reason: 'malformed_hash' });
    expect(reason({ root: new Uint8Array(33) })).toEqual({ outcome: 'invalid', reason: 'malformed_hash' });
    expect(reason({ path: replaced(claim.path, 0, new Uint8Array(0)) })).toEqual({
      outcome: 'invalid',
      reason: 'malformed_hash',
    });
    expect(reason({ root: flipped(claim.root) })).toEqual({ outcome: 'invalid', reason: 'root_mismatch' });
  });

  it('work beyond 32 bits', () => {
    const path = Array.from({ length: 53 }, (_, i) => hashLeaf(Uint8Array.of(i)));
    const claim = { index: 2 ** 53 - 2, size: 2 ** 53 - 1, leafHash: leaves[0] as Uint8Array, path: path.slice(0, 52) };
    const root = rootFromInclusion(claim);
    expect(root).toBeInstanceOf(Uint8Array);
    expect(verifyInclusion({ ...claim, root: root as Uint8Array }).outcome).toBe('valid');
    expect(verifyInclusion({ ...claim, index: 2 ** 32, root: root as Uint8Array }).outcome).toBe('invalid');
  });
});

describe('consistency proofs', () => {
  it('of every pair of trees to 64 verify, and with any one thing changed do not', () => {
    for (let size2 = 1; size2 <= MAX; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const path = tree.proveConsistency(size1, size2);
        const claim = { size1, size2, root1: tree.root(size1), root2: tree.root(size2), path };
        expect(verifyConsistency(claim)).toEqual({ outcome: 'valid' });
        const wrong = [
          ...path.map((hash, i) => ({ ...claim, path: replaced(path, i, flipped(hash)) })),
          { ...claim, root1: flipped(claim.root1) },
          { ...claim, root2: flipped(claim.root2) },
          { ...claim, path: [...path, claim.root1] },
          ...(path.length > 0
            ? [
                { ...claim, path: path.slice(0, -1) },
                { ...claim, path: path.slice(1) },
              ]
            : []),
          ...(size1 < size2
            ? [
                { ...claim, size1: size1 - 1 },
                { ...claim, size1: size2, size2: size1 },
              ]
            : []),
        ];
        for (const bad of wrong) expect(verifyConsistency(bad).outcome).toBe('invalid');
      }
    }
  });

  it('name the reason', () => {
    const claim = { size1: 3, size2: 7, root1: tree.root(3), root2: tree.root(7), path: tree.proveConsistency(3, 7) };
    const reason = (change: Partial<typeof claim>) => verifyConsistency({ ...claim, ...change });
    const empty = { size1: 0, size2: 0, root1: emptyRoot(), root2: emptyRoot(), path: [] };
    expect(reason(empty)).toEqual({ outcome: 'valid' });
    expect(reason({ ...empty, root1: claim.root1, root2: claim.root1 })).toEqual({
      outcome: 'invalid',
      reason: 'root_mismatch',
    });
    expect(reason({ size1: 0 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ size1: 8 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ size2: 7.5 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ path: [] })).toEqual({ outcome: 'invalid', reason: 'path_too_short' });
    expect(reason({ path: [...claim.path, claim.root1] })).toEqual({ outcome: 'invalid', reason: 'path_too_long' });
    expect(reason({ path: [new Uint8Array(1)] })).toEqual({ outcome: 'invalid', reason: 'malformed_hash' });
    expect(reason({ size1: 7 })).toEqual({ outcome: 'invalid', reason: 'path_too_long' });
    const short = { size1: 7, root1: new Uint8Array(3), root2: new Uint8Array(3), path: [] };
    expect(reason(short)).toEqual({ outcome: 'valid' });
    expect(reason({ ...short, root2: new Uint8Array(4) })).toEqual({ outcome: 'invalid', reason: 'root_mismatch' });
    expect(reason({ root2: new Uint8Array(3) })).toEqual({ outcome: 'invalid', reason: 'malformed_hash' });
  });
});

describe('subtree proofs', () => {
  it('agree with consistency proofs for subtrees that start at 0', () => {
    for (let size = 1; size <= 20; size++) {
      for (let end = 1; end <= size; end++) {
        const path = tree.proveConsistency(end, size);
        const claim = { start: 0, end, size, subtreeRoot: tree.root(end), root: tree.root(size), path };
        expect(verifySubtreeConsistency(claim).outcome).toBe('valid');
      }
    }
  });

  it('prove a leaf in a perfect subtree inside a larger tree, and the subtree in the tree', () => {
    const part = createTree();
    for (const leaf of leaves.slice(8, 12)) part.append(leaf);
    const claim = {
      start: 8,
      end: 12,
      index: 9,
      leafHash: leaves[9] as Uint8Array,
      root: part.root(),
      path: part.proveInclusion(1),
    };
    expect(verifySubtreeInclusion(claim).outcome).toBe('valid');
    expect(verifySubtreeInclusion({ ...claim, index: 10 }).outcome).toBe('invalid');
    expect(verifySubtreeInclusion({ ...claim, start: 9 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    // The path of a leaf from the height of the subtree upwards is the proof of the subtree.
    const path = tree.proveInclusion(8, 20).slice(2);
    const consistency = { start: 8, end: 12, size: 20, subtreeRoot: part.root(), root: tree.root(20), path };
    expect(verifySubtreeConsistency(consistency).outcome).toBe('valid');
    for (const [i, hash] of path.entries()) {
      expect(verifySubtreeConsistency({ ...consistency, path: replaced(path, i, flipped(hash)) }).outcome).toBe(
        'invalid',
      );
    }
    expect(verifySubtreeConsistency({ ...consistency, subtreeRoot: flipped(part.root()) }).outcome).toBe('invalid');
    expect(verifySubtreeConsistency({ ...consistency, end: 24 }).outcome).toBe('invalid');
  });

  it('are about aligned, non-empty ranges', () => {
    for (const [start, end] of [
      [0, 1],
      [0, 7],
      [8, 12],
      [8, 11],
      [5, 6],
    ] as const)
      expect(isSubtree({ start, end })).toBe(true);
    for (const [start, end] of [
      [3, 2],
      [4, 4],
      [-4, 0],
      [1, 3],
      [4, 9],
      [0.5, 1.5],
      [0, 2 ** 53],
    ] as const) {
      expect(isSubtree({ start, end })).toBe(false);
    }
  });

  it('of an empty range say only that the range is empty and inside the tree', () => {
    const claim = { start: 2, end: 2, size: 3, subtreeRoot: emptyRoot(), root: tree.root(3), path: [] };
    expect(verifySubtreeConsistency(claim)).toEqual({ outcome: 'valid' });
    expect(verifySubtreeConsistency({ ...claim, subtreeRoot: tree.root(1) })).toEqual({
      outcome: 'invalid',
      reason: 'root_mismatch',
    });
    expect(verifySubtreeConsistency({ ...claim, path: [emptyRoot()] })).toEqual({
      outcome: 'invalid',
      reason: 'path_too_long',
    });
    for (const at of [4, -1, 0.5]) {
      expect(verifySubtreeConsistency({ ...claim, start: at, end: at })).toEqual({
        outcome: 'invalid',
        reason: 'size_out_of_range',
      });
    }
  });

  it('name the reason', () => {
    const path = tree.proveInclusion(8, 20).slice(2);
    const part = createTree();
    for (const leaf of leaves.slice(8, 12)) part.append(leaf);
    const claim = { start: 8, end: 12, size: 20, subtreeRoot: part.root(), root: tree.root(20), path };
    const reason = (change: Partial<typeof claim>) => verifySubtreeConsistency({ ...claim, ...change });
    expect(reason({})).toEqual({ outcome: 'valid' });
    expect(reason({ path: path.slice(0, -1) })).toEqual({ outcome: 'invalid', reason: 'path_too_short' });
    expect(reason({ path: [] })).toEqual({ outcome: 'invalid', reason: 'path_too_short' });
    expect(reason({ path: [...path, claim.root] })).toEqual({ outcome: 'invalid', reason: 'path_too_long' });
    expect(reason({ start: 9 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ size: 11 })).toEqual({ outcome: 'invalid', reason: 'size_out_of_range' });
    expect(reason({ subtreeRoot: new Uint8Array(31) })).toEqual({ outcome: 'invalid', reason: 'malformed_hash' });
  });

  it('of every perfect subtree in every tree to 32 verify, and with a hash flipped do not', () => {
    for (let size = 1; size <= 32; size++) {
      for (let width = 1; width <= size; width *= 2) {
        for (let start = 0; start + width <= size; start += width) {
          const part = createTree();
          for (const leaf of leaves.slice(start, start + width)) part.append(leaf);
          const path = tree.proveInclusion(start, size).slice(Math.log2(width));
          const claim = { start, end: start + width, size, subtreeRoot: part.root(), root: tree.root(size), path };
          expect(verifySubtreeConsistency(claim).outcome).toBe('valid');
          for (const [i, hash] of path.entries()) {
            expect(verifySubtreeConsistency({ ...claim, path: replaced(path, i, flipped(hash)) }).outcome).toBe(
              'invalid',
            );
          }
        }
      }
    }
  });
});
