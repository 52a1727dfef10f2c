import {
  createSigner,
  createTree,
  decodeEntryBundle,
  decodeUtf8,
  emptyRoot,
  encodeEntryBundle,
  encodeHashTile,
  entryBundlePath,
  equalBytes,
  Frontier,
  hashLeaf,
  parseSigningKey,
  parseVerifierKey,
  signCheckpoint,
  tilePath,
  verifyCheckpoint,
} from '../../packages/canonical/src/index.ts';
import { listFiles, readBytes, type SuiteOptions, type SuiteResult, suiteFolder, Tally } from './suite.ts';

/** The key pair that the suite's own build script publishes for this log. */
const VERIFIER_KEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';
const SIGNING_KEY = 'PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg';
const SIZE = 15;

/** A log of fifteen entries: from its entries alone we must make each of its checkpoints and tiles byte for byte. */
export function runTessera({ folder }: SuiteOptions): SuiteResult {
  const root = suiteFolder(folder, 'tessera-log/testdata/log');
  const tally = new Tally();
  const keys = [parseVerifierKey(VERIFIER_KEY)];
  const { name, seed } = parseSigningKey(SIGNING_KEY);
  const signer = createSigner(name, seed);
  const entries = decodeEntryBundle(readBytes(root, entryBundlePath(0, SIZE)), SIZE);
  const tree = createTree();
  const frontier = new Frontier();
  for (let size = 0; size <= SIZE; size++) {
    if (size > 0) {
      const leafHash = hashLeaf(entries[size - 1] as Uint8Array);
      tree.append(leafHash);
      frontier.append(leafHash);
      const hashes = Array.from({ length: size }, (_, index) => tree.leafHash(index));
      const tile = readBytes(root, tilePath(0, 0, size));
      tally.check(`hash tile of width ${size}`, equalBytes(encodeHashTile(hashes), tile));
      const bundle = readBytes(root, entryBundlePath(0, size));
      tally.check(`entry bundle of width ${size}`, equalBytes(encodeEntryBundle(entries.slice(0, size)), bundle));
    }
    const note = decodeUtf8(readBytes(root, `checkpoint.${size}`));
    tally.check(`checkpoint ${size} verifies`, verifyCheckpoint(note, keys).outcome === 'valid');
    const checkpoint = { origin: name, size, root: size === 0 ? emptyRoot() : tree.root(size) };
    tally.check(`checkpoint ${size} is reproduced`, signCheckpoint(checkpoint, [signer]) === note);
    tally.check(`frontier root of ${size}`, equalBytes(frontier.root(), checkpoint.root));
  }
  const latest = decodeUtf8(readBytes(root, 'checkpoint'));
  tally.check('latest checkpoint', latest === decodeUtf8(readBytes(root, `checkpoint.${SIZE}`)));
  tally.check('every tile was compared', listFiles(`${root}/tile`).length === 2 * SIZE);
  return tally.result('tessera-log', 'checkpoints and tiles made from the entries alone');
}
