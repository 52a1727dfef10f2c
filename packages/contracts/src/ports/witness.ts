/** The largest checkpoint a witness has cosigned for one log. */
export interface WitnessedHead {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The whole note with the cosignature, for monitors. */
  readonly note: string;
}

/** Where a witness keeps what it has seen. */
export interface WitnessStore {
  /** Null for a log never seen. */
  read(origin: string): Promise<WitnessedHead | null>;
  /**
   * Replaces the head of size `expected` (null: none) durably, and answers whether it was still that one. A witness
   * answers only after this did.
   */
  replace(origin: string, expected: number | null, next: WitnessedHead): Promise<boolean>;
}
