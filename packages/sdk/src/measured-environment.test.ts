import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatIntentSchema } from '@exoarmur/policy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLEAR_FACTS, createConfig, createIntent, createTestClock, POLICY_SET } from '../test/configs.ts';
import { type BoundaryConfig, createBoundary, replayGovernedExecution } from './index.ts';
import { openEnvironment } from './measured-environment.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-sdk-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Of every machine that runs tests this is true, whatever else it does meanwhile. */
const EASY = { eventLoopLagMs: 86_400_000, storeLatencyMs: 86_400_000, clockStepMs: 86_400_000, memoryFreeMilli: 1 };
const measured = (thresholds: object): BoundaryConfig['facts'] => ({
  ...CLEAR_FACTS,
  environment: { measured: 'machine', networkHealthMilli: () => 990, thresholds },
});

describe('the environment of a boundary', () => {
  it.each(['memory', 'file'])('is measured by a probe with the thresholds of the configuration: %s', async (where) => {
    const store = where === 'memory' ? 'memory' : { path: join(home, 'a.db') };
    const environmentOf = async (thresholds: object) => {
      await using boundary = await createBoundary(createConfig({ store, facts: measured(thresholds) }));
      return (await boundary.decide(createIntent()))?.facts.environment;
    };
    const calm = await environmentOf({ ...EASY, diskFreeMilli: 1 });
    expect(calm).toMatchObject({ degraded: false, network_health_milli: 990 });
    expect(calm?.resource_availability_milli).toBeGreaterThan(0);
    expect(calm?.cell_load_milli).toBeGreaterThanOrEqual(0);
    expect(await environmentOf({ ...EASY, diskFreeMilli: 1000 })).toMatchObject({ degraded: true });
  });

  it('is measured until it is closed', async () => {
    const clock = createTestClock();
    // The probe looks at the event loop every 10 ms, which shows as a lag of at least that.
    const thresholds = { ...EASY, eventLoopLagMs: 2, diskFreeMilli: 1 };
    const source = { measured: 'machine', networkHealthMilli: () => 990, thresholds } as const;
    const environment = openEnvironment(source, { clock, path: home, pingStore: async () => 1 });
    const isLagging = async () => {
      clock.nowMs += 1000;
      return (await environment.read()).degraded;
    };
    await vi.waitFor(async () => expect(await isLagging()).toBe(true), { timeout: 20_000 });
    environment.close();
    await isLagging();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await isLagging()).toBe(false);
  });

  it('is unknown where the store does not answer, or the disk is not there', async () => {
    const clock = createTestClock();
    const source = { measured: 'machine', networkHealthMilli: () => 990, thresholds: EASY } as const;
    const pingStore = () => Promise.reject(new Error('gone'));
    const environment = openEnvironment(source, { clock, path: home, pingStore });
    expect(await environment.read()).toMatchObject({ degraded: null, network_health_milli: 990 });
    environment.close();
    const nowhere = openEnvironment(source, { clock, path: join(home, 'none'), pingStore: async () => 1 });
    expect(await nowhere.read()).toMatchObject({ degraded: null, resource_availability_milli: null });
    nowhere.close();
  });

  it.each([
    ['another word', { measured: 'cloud', networkHealthMilli: () => 1 }, '/facts/environment/measured'],
    [
      'a threshold that is none',
      { ...measured({ eventLoopLagMs: 0 }).environment },
      '/facts/environment/thresholds/eventLoopLagMs',
    ],
    [
      'a share of more than all',
      { ...measured({ diskFreeMilli: 1001 }).environment },
      '/facts/environment/thresholds/diskFreeMilli',
    ],
  ])('keeps a boundary from starting with %s', async (_, environment, pointer) => {
    const facts = { ...CLEAR_FACTS, environment: environment as never };
    await expect(createBoundary(createConfig({ facts }))).rejects.toMatchObject({
      code: 'SDK_CONFIG_INVALID',
      pointer,
    });
  });
});

describe('the threat that an action answers to', () => {
  const set = {
    ...POLICY_SET,
    policies: {
      ...POLICY_SET.policies,
      stop: 'forbid(principal, action, resource) when { context.threat.class == "escalate" };',
    },
    cedar_schema: formatIntentSchema(['test.act'], ['threat']),
  };
  const act = async (threat: NonNullable<BoundaryConfig['facts']['threat']>) => {
    const facts = { ...CLEAR_FACTS, threat };
    await using boundary = await createBoundary(createConfig({ policy: { set }, facts }));
    const result = await boundary.execute(createIntent());
    expect(await replayGovernedExecution(await result.bundle())).toMatchObject({ verify_verdict: 'PASS' });
    return result;
  };

  it('is classified, and a fact that policies may ask for', async () => {
    const signal = { threat_type: 'malware', severity: 'critical' } as const;
    const calm = await act(() => ({ ...signal, confidence_milli: 100 }));
    expect(calm).toMatchObject({ status: 'completed', decision: { facts: { threat: { class: 'ignore' } } } });
    expect(await act(async () => ({ ...signal, confidence_milli: 900 }))).toMatchObject({
      ...{ status: 'denied', decision: { facts: { threat: { class: 'escalate', risk_milli: 900 } } } },
    });
  });

  it('denies where it cannot be had', async () => {
    const lost = await act(() => Promise.reject(new Error('gone')));
    expect(lost).toMatchObject({ status: 'denied', decision: { facts: { threat: null } } });
  });
});
