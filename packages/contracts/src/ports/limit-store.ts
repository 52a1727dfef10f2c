import type { Digest } from '../primitives.ts';

/** One limit as an action meets it: so much of so much, within a window that ends now. */
export interface LimitDemand {
  /** What is counted together: the limit with the subject it is kept for. At most 1,024 characters. */
  readonly key: string;
  /** What this action takes; a safe whole number of at least 0. */
  readonly amount: number;
  /** What all actions of the window may take together; a safe whole number of at least 0. */
  readonly maximum: number;
  /** Length of the window in milliseconds; null for one that never ends. */
  readonly windowMs: number | null;
}

/** What one action wants of several limits at once. No two demands have one key. */
export interface LimitTaking {
  readonly intentDigest: Digest;
  /** Milliseconds since 1970, from the caller's clock. */
  readonly now: number;
  readonly demands: readonly LimitDemand[];
}

/** Either every limit had room and all of it is taken, or nothing was. */
export interface LimitAnswer {
  readonly outcome: 'taken' | 'exhausted';
  /** What the other actions of each window hold, in the order of the demands. */
  readonly used: readonly number[];
}

/**
 * Counts what the actions of one tenant take, in sliding windows. `take` is one atomic step over all processes that share
 * the store: no window ever holds more than its maximum. An entry made at t counts while now - t < windowMs; the time of a
 * key never runs back, so a clock that was set back frees nothing.
 */
export interface LimitStore {
  /** Whether counts outlive the process. */
  readonly isDurable: boolean;
  /** The same intent again holds what it held and takes nothing more, as long as its entry is within the window. */
  take(taking: LimitTaking): Promise<LimitAnswer>;
  /** What `take` would answer now; takes nothing. */
  read(taking: LimitTaking): Promise<LimitAnswer>;
  /** Gives back all that an intent took: it did not happen. An unknown one changes nothing. */
  release(intentDigest: Digest): Promise<void>;
}
