import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Facts } from '@exoarmur/contracts';

/** What a machine cannot see of itself: whether the cell runs degraded, and how well its network does, in thousandths. */
export interface StatedEnvironment {
  readonly degraded: () => boolean | null;
  readonly networkHealthMilli: () => number | null;
}

/**
 * The environment as this machine measures it: load as the one-minute average per processor, available resources as the
 * share of free memory. Both are rough. Windows reports no load average, so there the load is unknown, which denies.
 */
export function createMachineEnvironment(stated: StatedEnvironment): () => Facts['environment'] {
  return () => ({
    degraded: stated.degraded(),
    cell_load_milli:
      process.platform === 'win32' ? null : toMilli((loadavg()[0] ?? Number.NaN) / availableParallelism()),
    network_health_milli: stated.networkHealthMilli(),
    resource_availability_milli: toMilli(freemem() / totalmem()),
  });
}

function toMilli(share: number): number | null {
  return Number.isFinite(share) ? Math.min(1000, Math.max(0, Math.round(share * 1000))) : null;
}
