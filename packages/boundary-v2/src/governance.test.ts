import { createTestExecutor } from '@exoarmur/executors';
import { createDecisionPoint } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import {
  clearFacts,
  createIntent,
  createTestBoundary,
  createTestDecisionPoint,
  createTrap,
  kindsOf,
} from '../test/boundary.ts';
import type { Governance } from './index.ts';

const OPEN = createTestDecisionPoint();
const CLOSED = createDecisionPoint({
  policySet: { ...OPEN.policySet, policies: { closed: 'forbid(principal, action, resource);' } },
});

describe('policies that change while a boundary runs', () => {
  it('change between decisions and never inside of one, whose bundle carries the set it was taken under', async () => {
    let isOpen = true;
    const asked: Governance[] = [];
    const govern = async () => {
      const governance = {
        decisionPoint: isOpen ? OPEN : CLOSED,
        facts: {
          gather: async (intent: ReturnType<typeof createIntent>) => {
            isOpen = false;
            return clearFacts().gather(intent);
          },
        },
      };
      asked.push(governance);
      return governance;
    };
    const { pipeline } = createTestBoundary({ decisionPoint: OPEN, govern });
    const first = await pipeline.execute(createIntent());
    const second = await pipeline.execute(createIntent({ intent_id: 'intent-2' }));
    expect(first).toMatchObject({ status: 'completed', decision: { policy_digest: OPEN.policyDigest } });
    expect(second).toMatchObject({ status: 'denied', decision: { policy_digest: CLOSED.policyDigest } });
    expect(asked).toHaveLength(2);
    const policiesOf = async ({ bundle }: typeof first) =>
      (JSON.parse(new TextDecoder().decode(await bundle())) as { policies: object }).policies;
    expect(await policiesOf(first)).toEqual({ [OPEN.policyDigest]: OPEN.policySet });
    expect(await policiesOf(second)).toEqual({ [CLOSED.policyDigest]: CLOSED.policySet });
  });

  it('are named by the statement of an action that came to no decision', async () => {
    const governance = { decisionPoint: CLOSED, facts: clearFacts() };
    const { pipeline } = createTestBoundary({ decisionPoint: OPEN, govern: async () => governance });
    await pipeline.decide(createIntent({ intent_id: 'intent-0' }));
    const given = new AbortController();
    given.abort();
    const cancelled = await pipeline.execute(createIntent(), { signal: given.signal });
    const statement = JSON.parse(new TextDecoder().decode(await cancelled.bundle())) as {
      statement: { payload: string };
    };
    expect(Buffer.from(statement.statement.payload, 'base64').toString()).toContain(CLOSED.policyDigest);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('x'))],
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
    ['names none at once', () => undefined as never],
    ['hangs', () => new Promise<never>(() => undefined)],
    ['names none', async () => undefined as never],
    ['names a trap at once', () => createTrap() as never],
    ['names one without members', () => ({}) as never],
  ])('leave it without a decision when their source %s', async (_, govern) => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor, govern, limits: { decisionTimeoutMs: 20 } });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_DECISION_UNAVAILABLE', decision: null });
    expect(await kindsOf(log)).toEqual(['intent_received', 'stream_closed']);
    expect(executor.performed).toEqual([]);
  });
});
