import type { PolicyDecisionPoint } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, createTestDecisionPoint, createTrap, kindsOf } from '../test/boundary.ts';
import { UNKNOWN_FACTS } from './index.ts';

/** A decision point that answers as the real one and lets a test spoil the answer. */
function spoiled(spoil: (answer: object) => unknown): PolicyDecisionPoint {
  const point = createTestDecisionPoint();
  return { ...point, decide: async (request) => spoil(await point.decide(request)) as never };
}

describe('decisions that cannot be relied on', () => {
  const other = `sha256:${'0'.repeat(64)}`;
  it.each<[string, PolicyDecisionPoint]>([
    [
      'the decision point throws',
      spoiled(() => {
        throw new Error('x');
      }),
    ],
    ['the decision point hangs', spoiled(() => new Promise(() => undefined))],
    ['the decision has no shape', spoiled(() => ({ verdict: 'allow' }))],
    ['the verdict is unknown', spoiled((answer) => ({ ...answer, verdict: 'ALLOW' }))],
    ['the decision is text', spoiled(() => 'allow')],
    [
      'reading the decision throws',
      spoiled((answer) =>
        Object.defineProperty({ ...answer }, 'verdict', {
          enumerable: true,
          get: () => {
            throw new Error('x');
          },
        }),
      ),
    ],
    [
      'the facts of the decision have no canonical form',
      spoiled((answer) => ({ ...answer, facts: { trust_milli: Number.NaN } })),
    ],
    [
      'the decision has no canonical form',
      spoiled((answer) => {
        const { pdp } = answer as { pdp: object };
        return { ...answer, pdp: { ...pdp, determining_policies: ['\ud800'] } };
      }),
    ],
    ['the decision is about another intent', spoiled((answer) => ({ ...answer, intent_digest: other }))],
    ['the decision is under another policy set', spoiled((answer) => ({ ...answer, policy_digest: other }))],
    [
      'the decision rests on other facts',
      spoiled((answer) => {
        const { facts } = answer as { facts: object };
        return { ...answer, facts: { ...facts, trust_milli: 1000 } };
      }),
    ],
  ])('does nothing when %s', async (_, decisionPoint) => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor, decisionPoint, limits: { decisionTimeoutMs: 20 } });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_DECISION_UNAVAILABLE', decision: null });
    expect(await kindsOf(log)).toEqual(['intent_received', 'stream_closed']);
    expect(executor.performed).toEqual([]);
  });

  it('takes a decision that states the same facts in a copy', async () => {
    const decisionPoint = spoiled((answer) => structuredClone(answer));
    const { pipeline } = createTestBoundary({ executor: createTestExecutor(), decisionPoint });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed' });
  });

  it('keeps a decision of its own, which whoever made it cannot change', async () => {
    const made: { pdp: object; safety: object; engine: object }[] = [];
    const decisionPoint = spoiled((answer) => {
      const copy = structuredClone(answer) as (typeof made)[0];
      made.push(copy);
      return copy;
    });
    const { pipeline } = createTestBoundary({ executor: createTestExecutor(), decisionPoint });
    const { decision } = await pipeline.execute(createIntent());
    expect(decision).toEqual(made[0]);
    for (const part of [decision, decision?.pdp, decision?.safety, decision?.engine, decision?.facts]) {
      expect(Object.isFrozen(part)).toBe(true);
      expect(made.flatMap((answer) => [answer, ...Object.values(answer)])).not.toContain(part);
    }
  });

  it('reads each member of a decision once, and keeps what it read', async () => {
    const read: string[] = [];
    const changing = (answer: object) =>
      Object.defineProperty({ ...answer, verdict: 'allow' }, 'verdict', {
        enumerable: true,
        get: () => (read.push('verdict') === 1 ? 'deny' : 'allow'),
      });
    const executor = createTestExecutor();
    const { pipeline } = createTestBoundary({ executor, decisionPoint: spoiled(changing) });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'denied', decision: { verdict: 'deny' } });
    expect(read).toEqual(['verdict']);
    expect(executor.performed).toEqual([]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('x'))],
    ['hangs', () => new Promise(() => undefined)],
    ['answers nonsense', async () => ({ ...UNKNOWN_FACTS, trust_milli: 5000 })],
    ['answers for the budgets', async () => ({ ...UNKNOWN_FACTS, budgets: { readings: [], exhausted: [] } })],
    ['answers what nobody can write down', async () => ({ ...UNKNOWN_FACTS, policy_verified: true, trust_milli: -0 })],
    ['answers a member of nothing', async () => ({ ...UNKNOWN_FACTS, policy_verified: true, history: undefined })],
    ['answers too much', async () => ({ ...UNKNOWN_FACTS, sure: true })],
    ['answers nothing', async () => undefined],
    ['answers a trap', () => createTrap()],
    ['answers what throws when it is read', async () => ({ ...UNKNOWN_FACTS, environment: createTrap() })],
  ])('denies on unknown facts when the fact source %s', async (_, gather) => {
    const { pipeline } = createTestBoundary({ facts: { gather: gather as never }, limits: { factTimeoutMs: 20 } });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_DENIED_BY_SAFETY' });
    expect(result.decision?.facts).toMatchObject(UNKNOWN_FACTS);
  });
});
