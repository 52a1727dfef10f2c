import type { Clock, EnvironmentProbe, EnvironmentReading, Facts } from '@exoarmur/contracts';

/** From where on a cell is degraded, as in `spec/facts.md`. */
export interface EnvironmentThresholds {
  readonly eventLoopLagMs: number;
  readonly storeLatencyMs: number;
  readonly clockStepMs: number;
  readonly memoryFreeMilli: number;
  readonly diskFreeMilli: number;
  /** Lag of the event loop that counts as full load. */
  readonly fullLagMs: number;
}

/** The thresholds that hold unless told otherwise. */
export const ENVIRONMENT_THRESHOLDS: EnvironmentThresholds = Object.freeze({
  eventLoopLagMs: 200,
  storeLatencyMs: 500,
  clockStepMs: 1000,
  memoryFreeMilli: 30,
  diskFreeMilli: 50,
  fullLagMs: 1000,
});

const UNKNOWN: Facts['environment'] = Object.freeze({
  degraded: null,
  cell_load_milli: null,
  network_health_milli: null,
  resource_availability_milli: null,
});

/**
 * The facts about the environment that a reading amounts to. A cell is degraded from a threshold on, and one that was stays
 * so until every figure is on the good side of half a threshold (of twice one, for what is free). Pure.
 */
export function classifyEnvironment(
  reading: EnvironmentReading,
  thresholds: EnvironmentThresholds = ENVIRONMENT_THRESHOLDS,
  wasDegraded = false,
): Facts['environment'] {
  const lag = wholeOf(reading.eventLoopLagMs);
  const latency = wholeOf(reading.storeLatencyMs);
  const { clockStepMs } = reading;
  const step = typeof clockStepMs === 'number' ? wholeOf(Math.abs(clockStepMs)) : null;
  const memory = milliOf(reading.memoryFreeMilli);
  const disk = milliOf(reading.diskFreeMilli);
  const load = milliOf(reading.loadMilli);
  const ease = wasDegraded ? 2 : 1;
  const isAbove = (value: number | null, threshold: number) => (value === null ? null : value * ease >= threshold);
  const isBelow = (value: number | null, threshold: number) => (value === null ? null : value < threshold * ease);
  const signs = [
    isAbove(lag, thresholds.eventLoopLagMs),
    isAbove(latency, thresholds.storeLatencyMs),
    isAbove(step, thresholds.clockStepMs),
    isBelow(memory, thresholds.memoryFreeMilli),
    isBelow(disk, thresholds.diskFreeMilli),
  ];
  const lagLoad = lag === null ? null : Math.min(1000, Math.ceil((lag * 1000) / thresholds.fullLagMs));
  return {
    // SECURITY: what is not known could be the sign, so it is not outvoted; unknown denies where degraded only asks.
    degraded: signs.includes(null) ? null : signs.includes(true),
    cell_load_milli: load === null || lagLoad === null ? null : Math.max(load, lagLoad),
    network_health_milli: milliOf(reading.networkHealthMilli),
    resource_availability_milli: memory === null || disk === null ? null : Math.min(memory, disk),
  };
}

/**
 * The environment as a probe measures it, for `createFactSource`. A probe that fails knows nothing; a reading is used again
 * for `reuseMs`, and one older than `maxAgeMs`, or from the future, is none. Reads at the same time share one.
 */
export function createProbedEnvironment(options: {
  readonly probe: EnvironmentProbe;
  readonly clock: Clock;
  readonly thresholds?: Partial<EnvironmentThresholds>;
  /** 500 unless told. */
  readonly reuseMs?: number;
  /** 5,000 unless told. */
  readonly maxAgeMs?: number;
}): () => Promise<Facts['environment']> {
  const { probe, clock, reuseMs = 500, maxAgeMs = 5000 } = options;
  const thresholds = { ...ENVIRONMENT_THRESHOLDS, ...options.thresholds };
  for (const [name, value] of Object.entries({ ...thresholds, reuseMs, maxAgeMs })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${name} must be a whole number of at least 1`);
  }
  let latest: { readonly takenAt: number; readonly facts: Facts['environment'] } | undefined;
  let reading: Promise<Facts['environment']> | undefined;
  let wasDegraded = false;

  const ageOf = (takenAt: number) => clock.now() - takenAt;
  const read = async (): Promise<Facts['environment']> => {
    const { takenAt, ...figures } = await probe.read();
    const age = ageOf(takenAt);
    if (!(age >= 0 && age <= maxAgeMs)) return UNKNOWN;
    const facts = classifyEnvironment({ takenAt, ...figures }, thresholds, wasDegraded);
    // What nobody knows is no recovery.
    wasDegraded = facts.degraded ?? wasDegraded;
    latest = { takenAt, facts };
    return facts;
  };
  return async () => {
    const age = latest === undefined ? -1 : ageOf(latest.takenAt);
    if (latest !== undefined && age >= 0 && age < reuseMs) return latest.facts;
    reading ??= read()
      .catch(() => UNKNOWN)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
}

function wholeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function milliOf(value: unknown): number | null {
  const whole = wholeOf(value);
  return whole !== null && whole <= 1000 ? whole : null;
}
