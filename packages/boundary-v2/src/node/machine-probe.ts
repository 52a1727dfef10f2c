import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Clock, EnvironmentProbe, EnvironmentReading } from '@exoarmur/contracts';

/** A probe of this machine, which has to be closed. */
export interface MachineProbe extends EnvironmentProbe {
  close(): void;
}

/** What a machine probe is told. */
export interface MachineProbeOptions {
  readonly clock: Clock;
  /** A path on the disk whose free space matters: the folder of the store. */
  readonly path: string;
  /** One question to the store that touches what an action needs of it. */
  readonly pingStore: () => Promise<unknown>;
  /** A process cannot see how well its network does. */
  readonly networkHealthMilli: () => Promise<number | null> | number | null;
}

/**
 * Measures this machine at each reading, on Linux, macOS and Windows: delay and use of the event loop since the reading before,
 * free memory, free disk, one answer of the store, and how far the clock went astray beside the monotonic one.
 */
export function createMachineProbe(options: MachineProbeOptions): MachineProbe {
  const { clock, path, pingStore, networkHealthMilli } = options;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let utilization = performance.eventLoopUtilization();
  let offset = clock.now() - performance.now();
  return {
    read: async (): Promise<EnvironmentReading> => {
      const [disk, latency, network] = await Promise.allSettled([
        readDiskFree(path),
        measure(pingStore),
        (async () => networkHealthMilli())(),
      ]);
      const used = performance.eventLoopUtilization(utilization).utilization;
      utilization = performance.eventLoopUtilization();
      const lag = delay.count === 0 ? 0 : delay.max / 1_000_000;
      delay.reset();
      const takenAt = clock.now();
      const moved = takenAt - performance.now() - offset;
      offset += moved;
      return {
        takenAt,
        eventLoopLagMs: Math.ceil(lag),
        loadMilli: toMilli(used),
        memoryFreeMilli: toMilli(freemem() / totalmem()),
        diskFreeMilli: disk.status === 'fulfilled' ? disk.value : null,
        storeLatencyMs: latency.status === 'fulfilled' ? latency.value : null,
        clockStepMs: Math.round(moved),
        networkHealthMilli: network.status === 'fulfilled' ? network.value : null,
      };
    },
    close: () => {
      delay.disable();
    },
  };
}

async function readDiskFree(path: string): Promise<number | null> {
  const { bavail, blocks } = await statfs(path);
  return toMilli(bavail / blocks);
}

async function measure(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.ceil(performance.now() - start);
}

function toMilli(share: number): number | null {
  return Number.isFinite(share) ? Math.min(1000, Math.max(0, Math.floor(share * 1000))) : null;
}
