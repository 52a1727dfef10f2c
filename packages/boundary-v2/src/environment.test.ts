import type { EnvironmentReading } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { clearFacts, createIntent, createTestBoundary, createTestClock } from '../test/boundary.ts';
import { classifyEnvironment, createProbedEnvironment } from './index.ts';

const WELL: EnvironmentReading = {
  ...{ takenAt: 0, eventLoopLagMs: 5, loadMilli: 100, memoryFreeMilli: 600, diskFreeMilli: 400 },
  ...{ storeLatencyMs: 2, clockStepMs: 0, networkHealthMilli: 990 },
};
const classify = (change: Partial<EnvironmentReading>, wasDegraded = false) =>
  classifyEnvironment({ ...WELL, ...change }, undefined, wasDegraded);
const UNKNOWN = {
  ...{ degraded: null, cell_load_milli: null, network_health_milli: null, resource_availability_milli: null },
};

describe('classifyEnvironment', () => {
  it('gives the figures of a machine that is well', () => {
    expect(classify({})).toEqual({
      ...{ degraded: false, cell_load_milli: 100, network_health_milli: 990, resource_availability_milli: 400 },
    });
    expect(classify({ eventLoopLagMs: 150 }).cell_load_milli).toBe(150);
    expect(classify({ eventLoopLagMs: 5000 }).cell_load_milli).toBe(1000);
  });

  it.each<[keyof EnvironmentReading, number, number, number, number]>([
    ['eventLoopLagMs', 199, 200, 100, 99],
    ['storeLatencyMs', 499, 500, 250, 249],
    ['clockStepMs', 999, 1000, 500, 499],
    ['clockStepMs', -999, -1000, -500, -499],
    ['memoryFreeMilli', 30, 29, 59, 60],
    ['diskFreeMilli', 50, 49, 99, 100],
  ])('is degraded by %s from a threshold on, and stays so until well past it', (name, last, first, still, over) => {
    expect([last, first].map((value) => classify({ [name]: value }).degraded)).toEqual([false, true]);
    expect([still, over].map((value) => classify({ [name]: value }, true).degraded)).toEqual([true, false]);
  });

  it.each<[keyof EnvironmentReading, string[]]>([
    ['eventLoopLagMs', ['degraded', 'cell_load_milli']],
    ['loadMilli', ['cell_load_milli']],
    ['memoryFreeMilli', ['degraded', 'resource_availability_milli']],
    ['diskFreeMilli', ['degraded', 'resource_availability_milli']],
    ['storeLatencyMs', ['degraded']],
    ['clockStepMs', ['degraded']],
    ['networkHealthMilli', ['network_health_milli']],
  ])('knows nothing that rests on %s where that is missing or no figure', (name, unknown) => {
    for (const value of [null, undefined, Number.NaN, 0.5, Number.POSITIVE_INFINITY, '5']) {
      const facts = classify({ [name]: value });
      expect(Object.entries(facts).flatMap(([fact, found]) => (found === null ? [fact] : []))).toEqual(unknown);
    }
    // A sign that shows does not make up for one that is unknown.
    if (unknown.includes('degraded') && name !== 'storeLatencyMs')
      expect(classify({ [name]: null, storeLatencyMs: 9999 }).degraded).toBeNull();
  });
});

describe('createProbedEnvironment', () => {
  const open = (next: () => Promise<EnvironmentReading>) => {
    const clock = createTestClock();
    let reads = 0;
    const probe = {
      read: () => {
        reads += 1;
        return next();
      },
    };
    return { clock, read: createProbedEnvironment({ probe, clock }), reads: () => reads };
  };

  it('uses a reading again for a while, and shares one that is under way', async () => {
    const { clock, read, reads } = open(async () => ({ ...WELL, takenAt: clock.nowMs }));
    await Promise.all([read(), read(), read()]);
    clock.nowMs += 499;
    await read();
    expect(reads()).toBe(1);
    clock.nowMs += 1;
    await read();
    expect(reads()).toBe(2);
    clock.nowMs -= 5000;
    await read();
    expect(reads()).toBe(3);
  });

  it.each<[string, (now: number) => Promise<EnvironmentReading>]>([
    ['fails', () => Promise.reject(new Error('gone'))],
    [
      'throws',
      () => {
        throw new Error('gone');
      },
    ],
    ['answers nothing', async () => undefined as never],
    ['is stale', async (now) => ({ ...WELL, takenAt: now - 5001 })],
    ['is from the future', async (now) => ({ ...WELL, takenAt: now + 1 })],
    ['tells no time', async () => ({ ...WELL, takenAt: Number.NaN })],
  ])('knows nothing where the probe %s, and the gate denies', async (_, next) => {
    const { clock, read } = open(async () => next(clock.nowMs));
    expect(await read()).toEqual(UNKNOWN);
    const source = clearFacts();
    const facts = {
      gather: async (intent: never) => ({ ...(await source.gather(intent)), environment: await read() }),
    };
    const { pipeline } = createTestBoundary({ facts: facts as never });
    expect((await pipeline.execute(createIntent())).decision?.safety.rule_ids).toEqual(['SG-001']);
  });

  it('does not take a gap for a recovery', async () => {
    const lags = [300, null, 150, 99];
    const { clock, read } = open(async () => ({ ...WELL, eventLoopLagMs: lags.shift() ?? null, takenAt: clock.nowMs }));
    const seen: (boolean | null)[] = [];
    for (let n = 0; n < 4; n += 1) {
      seen.push((await read()).degraded);
      clock.nowMs += 1000;
    }
    expect(seen).toEqual([true, null, true, false]);
  });

  it('takes no threshold that is none', () => {
    const probe = { read: async () => WELL };
    for (const value of [0, -1, 0.5, Number.NaN])
      expect(() =>
        createProbedEnvironment({ probe, clock: createTestClock(), thresholds: { eventLoopLagMs: value } }),
      ).toThrow(TypeError);
  });
});
