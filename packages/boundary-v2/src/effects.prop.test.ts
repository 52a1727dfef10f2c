import type { GrantStore } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearFacts, createIntent, createTestBoundary, kindsOf, OPERATORS } from '../test/boundary.ts';
import { createMemoryGrantStore, ProxyPipeline, signApproval } from './index.ts';

/** What one of several boundaries over one log does next. */
const actionArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('execute' as const), boundary: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('recover' as const), boundary: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('answer' as const),
      boundary: fc.nat(1),
      operator: fc.nat(2),
      verdict: fc.constantFrom('approve' as const, 'approve' as const, 'deny' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.constantFrom(1000, 600_000, 3_600_000) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('switch' as const) }) },
);

const scenarioArbitrary = fc.record({
  target: fc.constantFrom('/data/x', '/data/ask/x', '/data/quorum/x', '/data/locked/x', '/etc/x'),
  /** Appends that fail, by number: before they are made, or after, when nobody hears of them any more. */
  lost: fc.uniqueArray(fc.record({ at: fc.nat(14), when: fc.constantFrom('before', 'after') }), {
    maxLength: 3,
    selector: ({ at }) => at,
  }),
  executor: fc.constantFrom('succeeds', 'fails', 'throws', 'hangs', 'babbles'),
  isDurable: fc.boolean(),
  actions: fc.array(actionArbitrary, { minLength: 1, maxLength: 8 }),
  isParallel: fc.boolean(),
});

describe('effect laws', () => {
  it('hold over random faults, answers, expiries and crashes of two boundaries over one log', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        scenarioArbitrary,
        async ({ target, lost, executor: manner, isDurable, actions, isParallel }) => {
          let effects = 0;
          const authorized = new Set<string>();
          let isUnauthorized = false;
          const executor = createTestExecutor({
            onExecute: ({ intent_id }) => {
              effects += 1;
              if (!authorized.has(intent_id)) isUnauthorized = true;
              if (manner === 'throws') throw new Error('half way');
              if (manner === 'hangs') return new Promise(() => undefined);
              if (manner === 'babbles') return 'done' as never;
              const success = manner === 'succeeds';
              return { success, error_code: success ? null : 'NOT_DONE', claimed: {}, observed: {} };
            },
          });
          const grants: GrantStore = { ...createMemoryGrantStore(), isDurable };
          let isEngaged = false;
          const facts = {
            gather: async (intent: Parameters<ReturnType<typeof clearFacts>['gather']>[0]) => {
              const clear = await clearFacts().gather(intent);
              return isEngaged ? { ...clear, switches: { ...clear.switches, global: 'engaged' as const } } : clear;
            },
          };
          const { options, log, clock, random } = createTestBoundary({
            executor,
            executionTimeoutMs: 5,
            grants,
            facts,
          });
          const boundaries = [new ProxyPipeline(options), new ProxyPipeline(options)];
          let appends = 0;
          log.before = () => {
            if (lost.some(({ at, when }) => at === appends && when === 'before')) {
              appends += 1;
              throw new Error('lost before');
            }
          };
          log.after = (draft) => {
            if (draft.kind === 'execution_authorized') authorized.add(draft.stream);
            appends += 1;
            if (lost.some(({ at, when }) => at === appends - 1 && when === 'after')) throw new Error('lost after');
          };
          let isDenied = false;
          const intent = createIntent({ target });
          const perform = async (action: (typeof actions)[number]) => {
            if (action.act === 'wait') clock.nowMs += action.ms;
            else if (action.act === 'switch') isEngaged = !isEngaged;
            else {
              const boundary = boundaries[action.boundary] ?? boundaries[0];
              if (action.act === 'execute') return boundary?.execute(intent);
              if (action.act === 'recover') return boundary?.recover(intent.intent_id);
              const pending = await boundary?.recover(intent.intent_id);
              const operator = OPERATORS[action.operator];
              if (pending?.status !== 'pending_approval' || operator === undefined) return pending;
              const { request } = pending;
              const { operatorId: approverId, signer } = operator;
              const { verdict } = action;
              const envelope = signApproval({
                request,
                verdict,
                approverId,
                reason: '',
                signer,
                clock,
                random,
                ttlSeconds: 700,
              });
              const before = effects;
              const end = await boundary?.submitApproval(intent.intent_id, envelope);
              if (verdict === 'deny' && end !== undefined && effects === before) isDenied = true;
              if (isDenied) expect(effects).toBe(before);
              return end;
            }
            return undefined;
          };
          const swallow = async (action: (typeof actions)[number]) => {
            try {
              const end = await perform(action);
              if (end !== undefined) seen.add(end.status);
            } catch (error) {
              // Only errors of the planes may come out, whatever was lost.
              expect(error).toMatchObject({ code: expect.stringMatching(/^(BOUNDARY|AUDIT)_/) });
            }
          };
          if (isParallel) await Promise.all(actions.map(swallow));
          else for (const action of actions) await swallow(action);
          log.before = () => undefined;
          log.after = () => undefined;

          expect(effects).toBeLessThanOrEqual(1);
          expect(isUnauthorized).toBe(false);
          if (target === '/data/locked/x' || target === '/etc/x') expect(effects).toBe(0);
          const kinds = await kindsOf(log).catch(() => []);
          if (kinds.length === 0) expect(effects).toBe(0);
          if (kinds.length === 0) return;
          // Whatever happened, the action can be brought to exactly one end, and the records never deny an effect.
          clock.nowMs += 10_000_000;
          const end = await new ProxyPipeline(options).recover(intent.intent_id);
          seen.add(end.status);
          expect(end.isClosed).toBe(true);
          if (effects === 1) expect(['completed', 'failed', 'ambiguous']).toContain(end.status);
          if (end.status === 'completed') expect(effects).toBe(1);
          if (effects === 1 && manner === 'succeeds') expect(end.status).not.toBe('failed');
          const closed = (await kindsOf(log)).filter((kind) => kind === 'stream_closed');
          expect(closed).toHaveLength(1);
          await end.bundle();
        },
      ),
      { numRuns: 1000, seed: 20240101 },
    );
    expect([...seen].sort()).toEqual(['ambiguous', 'completed', 'denied', 'failed', 'pending_approval']);
  }, 120_000);
});
