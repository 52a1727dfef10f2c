import { equalBytes } from '@exoarmur/canonical';
import type { Digest } from '@exoarmur/contracts';
import type { FsckCounts } from './finding.ts';

/** Records from index `from` up to, not including, `to`; `from` is a multiple of 256. */
export interface LogRange {
  readonly from: number;
  readonly to: number;
}

/** A stream that begins before a part and goes on in it, at its first record there. */
export interface EnteringStream {
  readonly stream: string;
  readonly seq: number;
  readonly prev: Digest | null;
  readonly index: number;
}

/** A stream that is open at the end of a part. */
export interface OpenStream {
  readonly stream: string;
  readonly count: number;
  readonly head: Digest;
}

/** What a sound part of a log stands on, and what it leads to. Plain data, so that another thread can send it. */
export interface RangeSurvey {
  readonly range: LogRange;
  /** Root of the tree of size `from`, by the stored tiles. */
  readonly base: Uint8Array;
  /** Root of the tree of size `to`. */
  readonly root: Uint8Array;
  readonly counts: FsckCounts;
  /** Streams that begin here. */
  readonly begun: readonly string[];
  readonly entering: readonly EnteringStream[];
  readonly open: readonly OpenStream[];
}

/**
 * Puts surveys together, in order: each must stand on the tree and on the streams that the one before led to. Holds what the
 * check of one whole part would hold, so the answer is the same.
 */
export class SurveyChain {
  readonly counts = { records: 0, streams: 0, payloads: 0, erased: 0, notes: 0, tiles: 0 };
  readonly #open = new Map<string, Omit<OpenStream, 'stream'>>();
  #root: Uint8Array | undefined;

  /** Root after the last survey. */
  get root(): Uint8Array | undefined {
    return this.#root;
  }

  /** Whether the survey goes on where the last one ended; false is doubt, not yet a finding. */
  add(survey: RangeSurvey): boolean {
    const { base, root, counts, begun, entering, open } = survey;
    if (this.#root !== undefined && !equalBytes(this.#root, base)) return false;
    for (const { stream, seq, prev } of entering) {
      const known = this.#open.get(stream);
      if (known?.count !== seq || known.head !== prev) return false;
      this.#open.delete(stream);
    }
    if (begun.some((stream) => this.#open.has(stream))) return false;
    for (const { stream, count, head } of open) this.#open.set(stream, { count, head });
    this.#root = root;
    for (const key of Object.keys(this.counts) as (keyof FsckCounts)[]) this.counts[key] += counts[key];
    return true;
  }
}
