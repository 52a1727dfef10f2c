import type { Digest } from '../primitives.ts';

/** What became of an action, as far as it says something about who asked for it. `denied`: policies or people said no. */
export type ConductEnd = 'completed' | 'failed' | 'ambiguous' | 'denied';

/** How many actions came to each end. */
export type ConductCounts = { readonly [End in ConductEnd]: number };

/** The end of one action. */
export interface Conduct {
  /** The action; it is counted once, whatever comes twice. */
  readonly intentDigest: Digest;
  readonly actor: string;
  readonly correlation: string;
  readonly actionType: string;
  readonly end: ConductEnd;
  /** Whole days since 1970-01-01, UTC. */
  readonly day: number;
}

/** All ends of one day. */
export interface ConductDay extends ConductCounts {
  readonly day: number;
}

/** What has happened before. */
export interface ConductHistory {
  readonly actor: ConductCounts;
  readonly correlation: ConductCounts;
  /** Action types of which one was completed in the correlation, in ascending order; at most as many as were asked for. */
  readonly completedTypes: readonly string[];
}

/** Counts how the actions of one tenant ended. Sums do not depend on the order of arrival. */
export interface ConductStore {
  /** Whether counts outlive the process. */
  readonly isDurable: boolean;
  /** One atomic step over all processes that share the store. False: this action was counted already. */
  observe(conduct: Conduct): Promise<boolean>;
  /** Days from `sinceDay` on in which an action of the actor ended, in ascending order; empty for one nobody knows. A frozen list never changes. */
  listDays(actor: string, sinceDay: number): Promise<readonly ConductDay[]>;
  readHistory(of: {
    readonly actor: string;
    readonly correlation: string;
    readonly maxTypes: number;
  }): Promise<ConductHistory>;
}
