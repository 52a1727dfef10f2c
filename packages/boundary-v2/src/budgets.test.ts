import { type ActionIntent, type Budget, factsSchema, type LimitStore } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  createIntent,
  createTestBoundary,
  loseAfter,
  OPERATORS,
  report,
  reporting,
  validating,
} from '../test/boundary.ts';
import {
  BoundaryError,
  createMemoryGrantStore,
  createMemoryLimitStore,
  ProxyPipeline,
  reviseIntent,
  signApproval,
} from './index.ts';

const CALLS: Budget = { id: 'calls', counts: 'actions', per: [], maximum: 3, window_seconds: 60 };
const SPEND: Budget = {
  ...{
    id: 'spend',
    counts: 'spend',
    per: ['actor'],
    maximum: 1000,
    window_seconds: null,
    amount: '/payment/amount_minor',
  },
  unit: { pointer: '/payment/currency', value: 'EUR' },
};
const open = (declared: readonly Budget[], options: Parameters<typeof createTestBoundary>[0] = {}) => {
  const store = createMemoryLimitStore();
  return { store, ...createTestBoundary({ budgets: { declared, store }, ...options }) };
};
const intent = (n: number, change: Partial<ActionIntent> = {}) => createIntent({ intent_id: `intent-${n}`, ...change });
const pay = (n: number, amount_minor: unknown, currency = 'EUR') =>
  intent(n, { parameters: { payment: { amount_minor, currency } as never } });
const EXHAUSTED = {
  status: 'denied',
  code: 'BOUNDARY_DENIED_BY_SAFETY',
  decision: { safety: { rule_ids: ['SG-121'] } },
};

describe('a budget', () => {
  it('lets exactly as many parallel actions pass as it has room for', async () => {
    const effects: string[] = [];
    const executor = createTestExecutor({
      onExecute: ({ intent_id }) => {
        effects.push(intent_id);
        return report();
      },
    });
    const { pipeline } = open([CALLS], { executor });
    const ends = await Promise.all(Array.from({ length: 20 }, (_, n) => pipeline.execute(intent(n))));
    expect(ends.filter(({ status }) => status === 'completed')).toHaveLength(3);
    expect(effects).toHaveLength(3);
    for (const end of ends) if (end.status !== 'completed') expect(end).toMatchObject(EXHAUSTED);
    const denied = ends.find(({ status }) => status === 'denied');
    expect(denied?.decision?.facts.budgets).toEqual({
      readings: [{ id: 'calls', used: 3, amount: 1, maximum: 3 }],
      exhausted: ['calls'],
    });
  });

  it('counts an intent once, and a decision without effect not at all', async () => {
    const { pipeline } = open([{ ...CALLS, maximum: 1 }]);
    for (let n = 0; n < 3; n += 1) expect((await pipeline.decide(intent(1)))?.verdict).toBe('allow');
    for (let n = 0; n < 3; n += 1) expect((await pipeline.execute(intent(1))).status).toBe('completed');
    expect((await pipeline.decide(intent(2)))?.facts.budgets?.exhausted).toEqual(['calls']);
    expect(await pipeline.execute(intent(2))).toMatchObject(EXHAUSTED);
  });

  it('is free again when its window has passed', async () => {
    const { pipeline, clock } = open([{ ...CALLS, maximum: 1 }]);
    expect((await pipeline.execute(intent(1))).status).toBe('completed');
    clock.nowMs += 59_999;
    expect((await pipeline.execute(intent(2))).status).toBe('denied');
    clock.nowMs += 1;
    expect((await pipeline.execute(intent(3))).status).toBe('completed');
  });

  it('is not counted twice by an approval, and is held while people are asked', async () => {
    const { pipeline, clock, random } = open([{ ...CALLS, maximum: 1 }]);
    const waiting = await pipeline.execute(intent(1, { target: '/data/ask/a' }));
    if (waiting.status !== 'pending_approval') throw new Error(waiting.status);
    expect(await pipeline.execute(intent(2))).toMatchObject(EXHAUSTED);
    const { signer, operatorId } = OPERATORS[0] as (typeof OPERATORS)[number];
    const approval = signApproval({
      ...{ request: waiting.request, verdict: 'approve', reason: 'seen', ttlSeconds: 600 },
      ...{ approverId: operatorId, signer, clock, random },
    });
    const end = await pipeline.submitApproval('intent-1', approval);
    expect(end.status).toBe('completed');
    expect(end.decision?.facts.budgets?.readings).toEqual([{ id: 'calls', used: 0, amount: 1, maximum: 1 }]);
    expect(await pipeline.execute(intent(3))).toMatchObject(EXHAUSTED);
  });

  it.each([
    ['denied', intent(1, { target: '/data/locked/a' }), {}, 'denied'],
    [
      'refused by the executor',
      intent(1),
      { executor: validating({ result: 'invalid', reason: '', evidence: {} }) },
      'denied',
    ],
  ] as const)('is given back by an action that is %s', async (_, first, options, status) => {
    const { pipeline } = open([{ ...CALLS, maximum: 1 }], options);
    expect((await pipeline.execute(first)).status).toBe(status);
    expect((await pipeline.decide(intent(2)))?.facts.budgets?.readings[0]?.used).toBe(0);
  });

  it.each([
    ['succeeded', report(), 'completed'],
    ['failed', report({ success: false, error_code: 'DISK_FULL' }), 'failed'],
    ['failed as if nothing had run', report({ success: false, error_code: 'BOUNDARY_GRANT_UNUSED' }), 'failed'],
    ['is in doubt', { nonsense: true }, 'ambiguous'],
  ] as const)('is kept by an action whose executor ran and %s', async (_, answer, status) => {
    const { pipeline } = open([{ ...CALLS, maximum: 1 }], { executor: reporting(answer) });
    expect((await pipeline.execute(intent(1))).status).toBe(status);
    expect(await pipeline.execute(intent(2))).toMatchObject(EXHAUSTED);
  });

  it('is given back where the grant could not be redeemed, because nothing ran', async () => {
    const grants = {
      isDurable: true,
      claim: () => Promise.reject(new BoundaryError('BOUNDARY_GRANT_STORE_UNAVAILABLE', 'down')),
    };
    const { pipeline } = open([{ ...CALLS, maximum: 1 }], { grants });
    expect(await pipeline.execute(intent(1))).toMatchObject({
      status: 'failed',
      code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE',
    });
    expect((await pipeline.decide(intent(2)))?.verdict).toBe('allow');
  });

  it('is given back by the recovery of an action that was never authorised, and kept by one in doubt', async () => {
    for (const [kind, used] of [
      ['intent_received', 0],
      ['execution_authorized', 1],
    ] as const) {
      const { pipeline, log, options } = open([{ ...CALLS, maximum: 1 }]);
      loseAfter(log, kind);
      await expect(pipeline.execute(intent(1))).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
      log.before = () => undefined;
      log.after = () => undefined;
      const again = new ProxyPipeline(options);
      expect((await again.decide(intent(2)))?.facts.budgets?.readings[0]?.used).toBe(1);
      await again.recover('intent-1');
      expect((await again.decide(intent(2)))?.facts.budgets?.readings[0]?.used).toBe(used);
    }
  });

  it('is given back by the recovery of an action whose grant was never redeemed', async () => {
    const grants = { ...createMemoryGrantStore(), isDurable: true };
    const { pipeline, log, options } = open([{ ...CALLS, maximum: 1 }], { grants });
    loseAfter(log, 'execution_authorized');
    await expect(pipeline.execute(intent(1))).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    log.before = () => undefined;
    log.after = () => undefined;
    const again = new ProxyPipeline(options);
    expect(await again.recover('intent-1')).toMatchObject({ status: 'failed', code: 'BOUNDARY_GRANT_UNUSED' });
    expect((await again.decide(intent(2)))?.facts.budgets?.readings[0]?.used).toBe(0);
  });

  it('takes nothing for an action that another budget cannot weigh', async () => {
    const { pipeline, store } = open([CALLS, SPEND]);
    const take = vi.spyOn(store, 'take');
    expect(await pipeline.execute(intent(1))).toMatchObject(EXHAUSTED);
    expect(take).not.toHaveBeenCalled();
  });

  it('is given back by an action that waited and expired, or was superseded', async () => {
    const { pipeline, clock } = open([{ ...CALLS, maximum: 1, window_seconds: null }]);
    const first = intent(1, { target: '/data/ask/a' });
    expect((await pipeline.execute(first)).status).toBe('pending_approval');
    const edited = reviseIntent(first, {
      ...{ intent_id: 'intent-2', actor_id: first.actor_id, actor_type: 'human', timestamp: first.timestamp },
    });
    expect((await pipeline.execute(edited)).status).toBe('pending_approval');
    clock.nowMs += 10 ** 9;
    expect((await pipeline.execute(edited)).status).toBe('denied');
    expect((await pipeline.execute(intent(3))).status).toBe('completed');
  });

  it('sums what the parameters state, each actor for itself', async () => {
    const { pipeline } = open([SPEND]);
    expect((await pipeline.execute(pay(1, 600))).status).toBe('completed');
    const over = await pipeline.execute(pay(2, 401));
    expect(over).toMatchObject(EXHAUSTED);
    expect(over.decision?.facts.budgets?.readings).toEqual([{ id: 'spend', used: 600, amount: 401, maximum: 1000 }]);
    expect((await pipeline.execute(pay(3, 400))).status).toBe('completed');
    expect((await pipeline.execute({ ...pay(4, 1000), actor_id: 'agent-2' })).status).toBe('completed');
  });

  it.each([
    ['none', undefined],
    ['text', '600'],
    ['less than nothing', -1],
  ])('is exhausted by an amount that is %s', async (_, amount) => {
    const { pipeline } = open([CALLS, SPEND]);
    const end = await pipeline.execute(amount === undefined ? intent(1) : pay(1, amount));
    expect(end).toMatchObject(EXHAUSTED);
    expect(end.decision?.facts.budgets).toEqual({
      readings: [
        { id: 'calls', used: 0, amount: 1, maximum: 3 },
        { id: 'spend', used: null, amount: null, maximum: 1000 },
      ],
      exhausted: ['spend'],
    });
  });

  it('is exhausted by another unit, which would be another sum', async () => {
    const { pipeline } = open([SPEND]);
    expect(await pipeline.execute(pay(1, 5, 'JPY'))).toMatchObject(EXHAUSTED);
    expect(await pipeline.execute(pay(2, Number.MAX_SAFE_INTEGER))).toMatchObject(EXHAUSTED);
    expect((await pipeline.execute(pay(3, 1000))).status).toBe('completed');
  });

  it('is about the action types it names', async () => {
    const { pipeline } = open([{ ...CALLS, maximum: 0, action_types: ['test.other'] }]);
    const end = await pipeline.execute(intent(1));
    expect(end.status).toBe('completed');
    expect(end.decision?.facts.budgets).toEqual({ readings: [], exhausted: [] });
  });

  it.each<[string, LimitStore['take']]>([
    ['rejects', () => Promise.reject(new Error('down'))],
    ['hangs', () => new Promise(() => undefined)],
    ['answers nothing', async () => undefined as never],
    ['answers too few figures', async () => ({ outcome: 'taken', used: [] })],
    ['answers no number', async () => ({ outcome: 'taken', used: [Number.NaN] })],
    ['answers a negative zero', async () => ({ outcome: 'taken', used: [-0] })],
    ['says taken where there was no room', async () => ({ outcome: 'taken', used: [3] })],
    [
      'throws when it is read',
      async () =>
        ({
          get used(): never {
            throw new Error('gotcha');
          },
        }) as never,
    ],
  ])('is exhausted where the store %s', async (_, take) => {
    const store: LimitStore = {
      isDurable: false,
      take,
      read: take as never,
      release: () => new Promise(() => undefined),
    };
    const { pipeline } = createTestBoundary({
      budgets: { declared: [CALLS], store },
      limits: { factTimeoutMs: 50, storeTimeoutMs: 50 },
    });
    const end = await pipeline.execute(intent(1));
    expect(end).toMatchObject(EXHAUSTED);
    expect(end.decision?.facts.budgets?.readings).toEqual([{ id: 'calls', used: null, amount: 1, maximum: 3 }]);
  });

  it('is a fact of the right shape whatever the store answers and the action says', async () => {
    const figure = fc.oneof(fc.maxSafeNat(), fc.double(), fc.constantFrom(null, undefined, '1', -1));
    const answers = fc.record({ outcome: fc.constantFrom('taken', 'exhausted', 'x'), used: fc.array(figure) });
    await fc.assert(
      fc.asyncProperty(answers, figure, fc.constantFrom('EUR', 'JPY'), async (answer, amount, currency) => {
        const store = { ...createMemoryLimitStore(), take: async () => answer, read: async () => answer };
        const budgets = { declared: [SPEND, CALLS], store: store as unknown as LimitStore };
        // What no action can state is said as text: a fraction, a number past 2^53, a negative zero.
        const isExact = Number.isSafeInteger(amount) && !Object.is(amount, -0);
        const said = typeof amount === 'number' && !isExact ? String(amount) : (amount ?? null);
        const decision = await createTestBoundary({ budgets }).pipeline.decide(pay(1, said, currency));
        expect(factsSchema.safeParse(decision?.facts).error).toBeUndefined();
        expect(decision?.facts.budgets?.readings.map(({ id }) => id)).toEqual(['calls', 'spend']);
      }),
      { numRuns: 200 },
    );
  });

  it('changes no byte of an action where none is declared', async () => {
    const end = await createTestBoundary().pipeline.execute(intent(1));
    expect(end.decision?.facts).not.toHaveProperty('budgets');
  });

  it.each([
    ['two of one id', [CALLS, CALLS], ''],
    ['a fraction', [{ ...CALLS, maximum: 0.5 }], '/0/maximum'],
    ['an unknown member', [{ ...CALLS, burst: 5 } as Budget], '/0'],
    ['a window of nothing', [CALLS, { ...CALLS, id: 'b', window_seconds: 0 }], '/1/window_seconds'],
  ])('keeps a boundary from starting with %s', (_, declared, place) => {
    expect(() => open(declared as Budget[])).toThrow(
      expect.objectContaining({ code: 'BOUNDARY_CONFIG_INVALID', pointer: `/budgets/declared${place}` }),
    );
  });

  it('asks the store once, with one key for each thing counted apart', async () => {
    const store = createMemoryLimitStore();
    const take = vi.spyOn(store, 'take');
    const apart = { ...CALLS, per: ['actor', 'action_type', 'correlation'] as Budget['per'] };
    const { pipeline } = createTestBoundary({ budgets: { declared: [apart, { ...CALLS, id: 'all' }], store } });
    await pipeline.execute(intent(1));
    expect(take).toHaveBeenCalledOnce();
    expect(take.mock.calls[0]?.[0].demands.map(({ key }) => key)).toEqual([
      '["all",null,null,null]',
      '["calls","agent-1","test.act","correlation-1"]',
    ]);
  });
});
