import { createTree, hashLeaf, verifyInclusion } from '@exoarmur/canonical';
import { nextDraft, openBenchLog } from './audit-log.ts';
import { bareLoop } from './bare-loop.ts';
import type { Group } from './main.ts';

const append = (name: string) => {
  const { log } = openBenchLog(name);
  return async (records: number) => {
    if (records === 1) await log.appendCell(nextDraft());
    else await Promise.all(Array.from({ length: records }, () => log.appendCell(nextDraft())));
  };
};

const groupOf = (records: number, title: string): Group => {
  const bare = bareLoop(`bare-${records}`);
  const ours = append(`log-${records}`);
  return {
    name: `${title}; rates are batches, ${records} record${records === 1 ? '' : 's'} each`,
    baseline: 'bare SQLite loop',
    tasks: { 'bare SQLite loop': () => bare(records), 'exoarmur, signed and acknowledged': () => ours(records) },
  };
};

const proof = (() => {
  const tree = createTree();
  for (let i = 0; i < 2 ** 16; i++) tree.append(hashLeaf(new TextEncoder().encode(String(i))));
  const index = 40_000;
  const leafHash = hashLeaf(new TextEncoder().encode(String(index)));
  return { index, size: tree.size, leafHash, root: tree.root(), path: tree.proveInclusion(index, tree.size) };
})();

/** What is measured about the record log, beside a bare loop over the same tables in the same run. */
export const groups: readonly Group[] = [
  groupOf(1, 'durable append, one at a time'),
  groupOf(16, 'durable append, 16 at once'),
  groupOf(256, 'durable append, 256 at once'),
  groupOf(1024, 'durable append, 1,024 at once'),
  {
    name: 'inclusion proof in a tree of 65,536',
    baseline: 'verifyInclusion',
    tasks: { verifyInclusion: () => verifyInclusion(proof) },
  },
];
