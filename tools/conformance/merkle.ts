import {
  decodeBase64,
  type ProofVerdict,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../packages/canonical/src/index.ts';
import { listFiles, readJson, type SuiteOptions, type SuiteResult, suiteFolder, Tally } from './suite.ts';

/** The union of the fields of the four folders; which ones a file has follows from its folder. */
interface MerkleCase {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly size1: number;
  readonly size2: number;
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const KINDS: Readonly<Record<string, (test: MerkleCase, path: Uint8Array[]) => ProofVerdict>> = {
  inclusion: (test, path) =>
    verifyInclusion({
      index: test.leafIdx,
      size: test.treeSize,
      leafHash: decodeBase64(test.leafHash),
      root: decodeBase64(test.root),
      path,
    }),
  consistency: (test, path) =>
    verifyConsistency({
      size1: test.size1,
      size2: test.size2,
      root1: decodeBase64(test.root1),
      root2: decodeBase64(test.root2),
      path,
    }),
  subtreeinclusion: (test, path) =>
    verifySubtreeInclusion({
      index: test.leafIdx,
      start: test.start,
      end: test.end,
      leafHash: decodeBase64(test.leafHash),
      root: decodeBase64(test.root),
      path,
    }),
  subtreeconsistency: (test, path) =>
    verifySubtreeConsistency({
      start: test.start,
      end: test.end,
      size: test.size,
      subtreeRoot: decodeBase64(test.root1),
      root: decodeBase64(test.root2),
      path,
    }),
};

/** Inclusion, consistency and subtree proofs of transparency-dev/merkle, most of them wrong on purpose. */
export function runMerkle({ folder }: SuiteOptions): SuiteResult {
  const root = suiteFolder(folder, 'rfc6962-merkle/testdata');
  const tally = new Tally();
  let negative = 0;
  for (const [kind, verify] of Object.entries(KINDS)) {
    for (const file of listFiles(suiteFolder(root, kind))) {
      const test = readJson<MerkleCase>(root, kind, file);
      const verdict = verify(test, (test.proof ?? []).map(decodeBase64));
      tally.check(`${kind}/${file}: ${JSON.stringify(verdict)}`, (verdict.outcome === 'invalid') === test.wantErr);
      if (test.wantErr) negative++;
    }
  }
  return tally.result('rfc6962-merkle', `${negative} of them must be refused`);
}
