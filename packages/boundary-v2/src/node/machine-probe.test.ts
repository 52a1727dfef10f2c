import { tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { classifyEnvironment } from '../index.ts';
import { createMachineProbe, type MachineProbe, type MachineProbeOptions } from './index.ts';

let probe: MachineProbe | undefined;
afterEach(() => probe?.close());

function open(change: Partial<MachineProbeOptions> = {}) {
  let shift = 0;
  const clock = { now: () => 1_704_110_400_000 + Math.floor(performance.now()) + shift };
  probe = createMachineProbe({
    ...{ clock, path: tmpdir(), pingStore: async () => undefined, networkHealthMilli: () => 1000 },
    ...change,
  });
  return {
    read: probe.read,
    setClock: (ms: number) => {
      shift += ms;
    },
  };
}

describe('the probe of this machine', () => {
  it('measures everything, so that everything is known', async () => {
    const reading = await open().read();
    const facts = classifyEnvironment(reading);
    expect(Object.values(facts).every((fact) => fact !== null)).toBe(true);
    expect(reading.memoryFreeMilli).toBeGreaterThan(0);
  });

  it('sees a clock that was set, once', async () => {
    const { read, setClock } = open();
    await read();
    setClock(-3_600_000);
    expect(Math.round(((await read()).clockStepMs ?? 0) / 1000)).toBe(-3600);
    expect(Math.abs((await read()).clockStepMs ?? 9999)).toBeLessThan(60_000);
    setClock(3_600_000);
    expect(classifyEnvironment(await read()).degraded).not.toBe(false);
  });

  it('sees an event loop that was held up', async () => {
    const { read } = open();
    await read();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const until = performance.now() + 250;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await read()).eventLoopLagMs).toBeGreaterThan(200);
  });

  it.each([
    ['a disk that is not there', { path: '/no/such/folder/at/all' }, 'diskFreeMilli'],
    ['a store that does not answer', { pingStore: () => Promise.reject(new Error('down')) }, 'storeLatencyMs'],
    ['a network that nobody knows', { networkHealthMilli: () => null }, 'networkHealthMilli'],
  ] as const)('knows nothing of %s', async (_, change, member) => {
    expect((await open(change).read())[member]).toBeNull();
  });
});
