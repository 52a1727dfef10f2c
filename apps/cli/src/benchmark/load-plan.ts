/** What one thread is asked to do. */
export interface LoadShare {
  /** Actions to carry out. */
  readonly runs: number;
  /** Most of them under way at one time. */
  readonly concurrency: number;
}

/** What one thread, one process or all of them found. */
export interface LoadFindings {
  /** How many actions gave a bundle of each digest. */
  readonly digests: ReadonlyMap<string, number>;
  /** Most actions that were under way at one time. */
  readonly peak: number;
  /** Why actions gave no bundle, or one that does not verify; at most {@link MAX_FAILURES} texts. */
  readonly failures: readonly string[];
}

/** Most texts of failures that are kept; one is enough to fail. */
export const MAX_FAILURES = 8;

/**
 * Spreads runs over processes and their threads: as many threads as there is work and concurrency for, each with its part.
 * One list of shares for each process.
 */
export function planLoad(load: LoadShare, processes: number, threads: number): LoadShare[][] {
  const width = Math.min(processes * threads, load.runs, load.concurrency);
  const part = (whole: number, index: number) => Math.floor(whole / width) + (index < whole % width ? 1 : 0);
  const shares = Array.from({ length: width }, (_, index) => ({
    runs: part(load.runs, index),
    concurrency: part(load.concurrency, index),
  }));
  const used = Math.min(processes, width);
  return Array.from({ length: used }, (_, index) => shares.filter((_share, at) => at % used === index));
}

/** The findings of several as those of one. Peaks add up: all started at one signal. */
export function mergeFindings(all: readonly LoadFindings[]): LoadFindings {
  const digests = new Map<string, number>();
  for (const found of all) {
    for (const [digest, count] of found.digests) digests.set(digest, (digests.get(digest) ?? 0) + count);
  }
  return {
    digests,
    peak: all.reduce((sum, { peak }) => sum + peak, 0),
    failures: all.flatMap(({ failures }) => failures).slice(0, MAX_FAILURES),
  };
}
