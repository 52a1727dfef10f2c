import { equalBytes } from '@exoarmur/canonical';
import type { AuditLogStore, LogHead, LogHeadKeeper } from '@exoarmur/contracts';
import { TILE_WIDTH } from '../internal/growing-tree.ts';
import { LogTree } from '../internal/log-tree.ts';
import { type FsckCounts, type FsckReport, Unsound } from './finding.ts';
import { RangeCheck } from './range-check.ts';
import { type LogRange, type RangeSurvey, SurveyChain } from './range-survey.ts';

/** What to check, and against what. */
export interface FsckOptions {
  readonly store: AuditLogStore;
  readonly tenant: string;
  /** C2SP verifier key of the log; signatures of stored notes are checked against it. */
  readonly vkey: string;
  /** Where the last signed head is kept apart from the store. */
  readonly heads?: LogHeadKeeper;
  /** Told the number of records done, about every 10,000. */
  readonly onProgress?: (done: number, size: number) => void;
  /** Has the log checked in parts, on other threads; without it everything is read here. */
  readonly parts?: FsckParts;
}

/** How a log is checked in parts. */
export interface FsckParts {
  /** Records in a part, a multiple of 256. */
  readonly records: number;
  /**
   * Surveys parts by {@link surveyRange} and gives the answers in their order. One that is null, or does not stand on the
   * one before, makes the whole log be checked here, so that the first lie is named.
   */
  survey(ranges: readonly LogRange[], first: number): AsyncIterable<RangeSurvey | null>;
}

/**
 * Rebuilds the tree, the streams and every checkpoint from the entries alone and compares the store with them. Memory
 * grows with the number of open streams only. Never throws on what the store holds; errors of the store itself pass.
 */
export async function fsckLog(options: FsckOptions): Promise<FsckReport> {
  const { store, tenant } = options;
  const head = await store.head(tenant);
  const first = await store.firstIndex(tenant);
  const surveyed = await surveyAll(options, first, head.size);
  if (surveyed !== undefined) {
    const report = await conclude(options, surveyed, head);
    // Whatever is wrong, the first lie is named in order, as without parts.
    if (report.outcome === 'sound') return report;
  }
  const checked = await checkAll(options, first, head.size);
  return 'outcome' in checked ? checked : conclude(options, checked, head);
}

/**
 * Checks one part of a log by itself; null when something in it is not sound. What it stands on is in the answer, for
 * {@link fsckLog} to compare.
 */
export async function surveyRange(
  options: Pick<FsckOptions, 'store' | 'tenant' | 'vkey'> & { readonly range: LogRange; readonly first: number },
): Promise<RangeSurvey | null> {
  try {
    return await new RangeCheck(options).check();
  } catch (error) {
    if (!(error instanceof Unsound)) throw error;
    return null;
  }
}

interface Rebuilt {
  readonly root: Uint8Array;
  readonly counts: FsckCounts;
}

/** The log as other threads see it; undefined when there is any doubt, so that the first lie is named in order. */
async function surveyAll(options: FsckOptions, first: number, size: number): Promise<Rebuilt | undefined> {
  const { parts, onProgress } = options;
  if (parts === undefined || size - first <= parts.records || first % TILE_WIDTH !== 0) return undefined;
  const { records } = parts;
  if (!(Number.isSafeInteger(records) && records > 0 && records % TILE_WIDTH === 0))
    throw new RangeError(`a part has a multiple of ${TILE_WIDTH} records`);
  const ranges: LogRange[] = [];
  for (let from = first; from < size; from += records) ranges.push({ from, to: Math.min(size, from + records) });
  const chain = new SurveyChain();
  let next = 0;
  for await (const part of parts.survey(ranges, first)) {
    const range = ranges[next++];
    if (part === null || part.range.from !== range?.from || part.range.to !== range.to) return undefined;
    if (!chain.add(part)) return undefined;
    onProgress?.(part.range.to, size);
  }
  // Parts that are left out at the end show in the root.
  return chain.root === undefined ? undefined : { root: chain.root, counts: chain.counts };
}

async function checkAll(options: FsckOptions, first: number, size: number): Promise<Rebuilt | FsckReport> {
  const { store, tenant, vkey, onProgress } = options;
  const run = new RangeCheck({
    store,
    tenant,
    vkey,
    range: { from: first, to: size },
    first,
    onProgress: (done) => onProgress?.(first + done, size),
  });
  try {
    const { root } = await run.check();
    return { root, counts: run.counts };
  } catch (error) {
    return report(error, run.counts);
  }
}

async function conclude(options: FsckOptions, { root, counts }: Rebuilt, head: LogHead): Promise<FsckReport> {
  try {
    await checkEnd(options, root, head);
  } catch (error) {
    return report(error, counts);
  }
  return { outcome: 'sound', size: head.size, root: head.root, counts };
}

async function checkEnd({ store, tenant, heads }: FsckOptions, root: Uint8Array, head: LogHead): Promise<void> {
  if (!equalBytes(root, head.root))
    throw new Unsound('head_root_mismatch', head.size, 'root of the entries is another');
  const [beyond] = await store.entries(tenant, { from: head.size, limit: 1 });
  const [note] = await store.notes(tenant, { after: head.size, limit: 1 });
  const [listed] = await store.streams(tenant, { after: head.size - 1, limit: 1 });
  // Writers may have gone on meanwhile; what they added is for the next check.
  const now = await store.head(tenant);
  if (now.size <= head.size) {
    if (beyond !== undefined || now.size < head.size)
      throw new Unsound('head_size_mismatch', head.size, 'there are entries after the head');
    if (note !== undefined) throw new Unsound('note_root_mismatch', note.size, 'signed size is not a size of this log');
    if (listed !== undefined) throw new Unsound('stream_listing_mismatch', listed.first, 'listed stream has no record');
  }
  const kept = (await heads?.read(tenant)) ?? null;
  if (kept === null) return;
  if (kept.size > (await store.head(tenant)).size) {
    throw new Unsound('kept_head_ahead', head.size, `size ${kept.size} was signed; an older state was restored`);
  }
  if (!equalBytes(await new LogTree(store, tenant).root(kept.size), kept.root)) {
    throw new Unsound('kept_head_mismatch', kept.size, 'log no longer contains the tree that was signed');
  }
}

function report(error: unknown, counts: FsckCounts): FsckReport {
  if (!(error instanceof Unsound)) throw error;
  return { outcome: 'unsound', finding: error.finding, counts };
}
