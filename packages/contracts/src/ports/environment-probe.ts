/** What was measured of the machine that a cell runs on; null for what could not be. */
export interface EnvironmentReading {
  /** When, in milliseconds since 1970, by the clock of the cell. */
  readonly takenAt: number;
  /** Longest delay of the event loop since the reading before, in milliseconds. */
  readonly eventLoopLagMs: number | null;
  /** Share of the time since the reading before in which the event loop was busy, in thousandths. */
  readonly loadMilli: number | null;
  /** Share of memory that is free, in thousandths. */
  readonly memoryFreeMilli: number | null;
  /** Share of the disk of the store that is free, in thousandths. */
  readonly diskFreeMilli: number | null;
  /** How long the store took for one answer, in milliseconds. */
  readonly storeLatencyMs: number | null;
  /** How far the wall clock moved since the reading before, beyond the time that passed, in milliseconds; negative when set back. */
  readonly clockStepMs: number | null;
  /** How well the network does, in thousandths. */
  readonly networkHealthMilli: number | null;
}

/** Measures the machine. It rejects or answers null rather than to make a figure up. */
export interface EnvironmentProbe {
  read(): Promise<EnvironmentReading>;
}
