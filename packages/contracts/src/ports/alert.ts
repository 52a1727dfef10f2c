import type { Digest } from '../primitives.ts';

/** Something an operator has to know of now. The record is the evidence; this only calls somebody. */
export interface Alert {
  readonly kind: /** An action was authorised and nobody knows what happened. */
    | 'outcome_ambiguous'
    /** An effect may have happened and the log does not hold its outcome. */
    | 'outcome_unrecorded'
    /** Something was refused that nobody sends by mistake. */
    | 'attempt_refused';
  readonly stream: string;
  readonly intentDigest: Digest | null;
  /** Stable code of what happened. */
  readonly code: string;
  /** From the clock of the boundary; null when that gives none. */
  readonly time: string | null;
}

/** Calls an operator. A call that fails or hangs changes nothing about the action. */
export interface AlertSink {
  raise(alert: Alert): Promise<void>;
}
