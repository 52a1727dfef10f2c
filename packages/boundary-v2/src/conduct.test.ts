import type { Facts } from '@exoarmur/contracts';
import { createDecisionPoint, formatIntentSchema } from '@exoarmur/policy';
import { describe, expect, it, vi } from 'vitest';
import { clearFacts, createIntent, createTestBoundary, createTestClock, report, reporting } from '../test/boundary.ts';
import { createHistory, createMemoryConductStore, createReputation, type FactSource } from './index.ts';

const intent = (n: number, change: object = {}) => createIntent({ intent_id: `intent-${n}`, ...change });
const LOCKED = { target: '/data/locked/a' };
const counts = (change: object = {}) => ({ completed: 0, failed: 0, ambiguous: 0, denied: 0, ...change });

/** A boundary whose trust and history are what its own actions made of them. */
function open(options: Parameters<typeof createTestBoundary>[0] = {}, change: Partial<Facts> = {}) {
  const conduct = createMemoryConductStore();
  const clock = createTestClock();
  const facts: FactSource = {
    gather: async (asked) => ({
      ...(await clearFacts().gather(asked)),
      trust_milli: await createReputation({ store: conduct, clock })(asked),
      history: await createHistory(conduct)(asked),
      ...change,
    }),
  };
  return { conduct, ...createTestBoundary({ conduct, facts, ...options }) };
}

describe('conduct', () => {
  it('is counted once for each end, and read by the next decision', async () => {
    const { pipeline } = open();
    const first = await pipeline.execute(intent(1));
    expect(first.decision?.facts).toMatchObject({
      trust_milli: 250,
      history: { actor: counts(), completed_types: [] },
    });
    for (let n = 0; n < 3; n += 1) await pipeline.execute(intent(1));
    const second = await pipeline.decide(intent(2));
    expect(second?.facts).toMatchObject({
      trust_milli: 400,
      history: {
        actor: counts({ completed: 1 }),
        correlation: counts({ completed: 1 }),
        completed_types: ['test.act'],
      },
    });
    await pipeline.execute(intent(3, LOCKED));
    await pipeline.execute(intent(4, { target: '/elsewhere' }));
    const other = await pipeline.decide(intent(5, { actor_id: 'agent-2' }));
    expect(other?.facts).toMatchObject({
      trust_milli: 250,
      history: { actor: counts(), correlation: counts({ completed: 1, denied: 2 }) },
    });
  });

  it.each([
    ['failed', report({ success: false, error_code: 'DISK_FULL' }), 200],
    ['ambiguous', { nonsense: true }, 125],
  ])('is counted as %s', async (end, answer, trust) => {
    const { pipeline } = open({ executor: reporting(answer) });
    await pipeline.execute(intent(1));
    const next = await pipeline.decide(intent(2));
    expect(next?.facts).toMatchObject({ trust_milli: trust, history: { actor: counts({ [end]: 1 }) } });
  });

  it('says nothing about an actor that the cell stopped, or whose grant could not be used', async () => {
    const engaged = { global: 'engaged', tenant: 'clear', actor: 'clear', action_class: 'clear' } as const;
    const stopped = open({}, { switches: engaged });
    expect((await stopped.pipeline.execute(intent(1))).status).toBe('denied');
    const grants = { isDurable: true, claim: () => Promise.reject(new Error('down')) };
    const unused = open({ grants });
    expect((await unused.pipeline.execute(intent(1))).status).toBe('failed');
    for (const { pipeline } of [stopped, unused])
      expect((await pipeline.decide(intent(2)))?.facts.history).toMatchObject({ actor: counts() });
  });

  it('is made good by whoever asks again, where the store was down', async () => {
    const { pipeline, conduct } = open();
    vi.spyOn(conduct, 'observe').mockRejectedValueOnce(new Error('down'));
    expect((await pipeline.execute(intent(1))).status).toBe('completed');
    expect((await pipeline.decide(intent(2)))?.facts.trust_milli).toBe(250);
    await pipeline.execute(intent(1));
    expect((await pipeline.decide(intent(2)))?.facts.trust_milli).toBe(400);
  });

  it('lets a policy ask what has happened before', async () => {
    const decisionPoint = createDecisionPoint({
      policySet: {
        ...{ schema: 'exoarmur.policy-set/1', language: 'cedar' },
        cedar_schema: formatIntentSchema(['test.act', 'test.send'], ['history']),
        policies: {
          act: 'permit(principal, action == Action::"test.act", resource);',
          send: 'permit(principal, action == Action::"test.send", resource) when { context.history.completed_types.contains("test.act") };',
          probing: 'forbid(principal, action, resource) when { context.history.actor.denied >= 2 };',
        },
      },
    });
    const { pipeline } = open({ decisionPoint });
    const send = { action_type: 'test.send' };
    expect((await pipeline.decide(intent(1, send)))?.pdp.verdict).toBe('defer');
    await pipeline.execute(intent(2));
    expect((await pipeline.decide(intent(3, send)))?.pdp.verdict).toBe('allow');
    expect((await pipeline.decide(intent(3, { ...send, correlation_id: 'other' })))?.pdp.verdict).toBe('defer');
    for (const n of [4, 5]) await pipeline.execute(intent(n, { ...send, correlation_id: 'other' }));
    expect((await pipeline.decide(intent(6, send)))?.pdp).toMatchObject({
      verdict: 'deny',
      determining_policies: ['probing'],
    });
    // Under a schema that needs it a boundary that does not know it denies.
    for (const history of [null, undefined]) {
      const unknown = open({ decisionPoint }, { history } as Partial<Facts>);
      expect((await unknown.pipeline.decide(intent(1)))?.verdict).toBe('deny');
    }
  });

  it('is unknown where more happened than a fact can hold', async () => {
    const store = createMemoryConductStore();
    for (let n = 0; n < 65; n += 1) {
      const about = { actor: 'agent-1', correlation: 'correlation-1', end: 'completed', day: 1 } as const;
      if (n === 64) expect((await createHistory(store)(intent(1)))?.completed_types).toHaveLength(64);
      await store.observe({ ...about, actionType: `t${n}`, intentDigest: `sha256:${String(n).padStart(64, '0')}` });
    }
    expect(await createHistory(store)(intent(1))).toBeNull();
  });

  it('is that of nobody for a name that every object has', async () => {
    const store = createMemoryConductStore();
    const trust = createReputation({ store, clock: createTestClock() });
    expect(await trust(intent(1, { actor_id: 'constructor' }))).toBe(250);
  });

  it('is computed anew after each end and on each day', async () => {
    const store = createMemoryConductStore();
    const clock = createTestClock();
    const trust = createReputation({ store, clock });
    const day = Math.floor(clock.nowMs / 86_400_000);
    const end = (n: number, at: number) =>
      store.observe({
        ...{ actor: 'agent-1', correlation: 'c', actionType: 't', end: 'completed', day: at },
        intentDigest: `sha256:${String(n).padStart(64, '0')}`,
      });
    const seen: number[] = [];
    for (const [n, at] of [day, day, day - 1].entries()) {
      await end(n, at);
      seen.push(await trust(intent(1)), await trust(intent(1)));
    }
    clock.nowMs += 86_400_000;
    seen.push(await trust(intent(1)));
    clock.nowMs += 365 * 86_400_000;
    seen.push(await trust(intent(1)));
    expect(seen).toEqual([400, 400, 500, 500, 570, 570, 566, 250]);
  });

  it('refuses what a store holds that is no count', async () => {
    const store = {
      ...createMemoryConductStore(),
      listDays: async () => [{ day: 1, ...counts({ completed: 0.5 }) }] as never,
    };
    await expect(createReputation({ store, clock: createTestClock() })(intent(1))).rejects.toThrow(RangeError);
  });
});
