import { expect, it } from 'vitest';
import {
  createSigner,
  encodeUtf8,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  hashLeaf,
  hashNode,
  parseCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  verifyInclusion,
} from './index.ts';

it('the proof of one record among a million is at most 1,200 bytes of text, and passes from its text', () => {
  const SIZE = 1_000_000;
  const INDEX = 654_321;
  // All leaves but one are alike, so perfect subtrees without it are alike too, and the tree need not be built.
  const leaf = hashLeaf(encodeUtf8('{}'));
  const special = hashLeaf(encodeUtf8('{"special":true}'));
  const alike = [leaf];
  for (let height = 1; height <= 20; height++) {
    const below = alike[height - 1] as Uint8Array;
    alike.push(hashNode(below, below));
  }
  const rootOf = (count: number): Uint8Array => {
    const height = Math.log2(count);
    if (Number.isInteger(height)) return alike[height] as Uint8Array;
    const left = 2 ** Math.floor(height);
    return hashNode(alike[Math.floor(height)] as Uint8Array, rootOf(count - left));
  };
  const path: Uint8Array[] = [];
  const climb = (index: number, count: number): Uint8Array => {
    if (count === 1) return special;
    const left = 2 ** (Math.ceil(Math.log2(count)) - 1);
    if (index < left) {
      const right = rootOf(count - left);
      const root = hashNode(climb(index, left), right);
      path.push(right);
      return root;
    }
    const root = hashNode(rootOf(left), climb(index - left, count - left));
    path.push(rootOf(left));
    return root;
  };
  const root = climb(INDEX, SIZE);
  expect(path).toHaveLength(20);

  // The origin stands in the text twice; 55 characters are a long one.
  const name = 'cell-12.governance.operations.example.com/tenant-exampl';
  expect(name).toHaveLength(55);
  const signer = createSigner(name, new Uint8Array(32).fill(3));
  const text = formatCheckpoint({ origin: name, size: SIZE, root });
  const { keyId } = parseVerifierKey(signer.vkey);
  const checkpoint = formatNote({ text, signatures: [{ name, keyId, signature: signer.sign(encodeUtf8(text)) }] });
  const proof = formatTlogProof({ index: INDEX, path, checkpoint });
  expect(encodeUtf8(proof).length).toBeLessThanOrEqual(1200);

  const read = parseTlogProof(proof);
  const signed = parseCheckpoint(read.checkpoint);
  expect(verifyInclusion({ ...read, size: signed.size, root: signed.root, leafHash: special })).toEqual({
    outcome: 'valid',
  });
  expect(verifyInclusion({ ...read, size: signed.size, root: signed.root, leafHash: leaf })).not.toEqual({
    outcome: 'valid',
  });
});
