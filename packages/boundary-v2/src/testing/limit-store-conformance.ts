import type { LimitDemand, LimitStore } from '@exoarmur/contracts';
import { type ConformanceCase, digestOf, rule, same } from './conformance-case.ts';

const NOON = 1_704_110_400_000;
const demand = (change: Partial<LimitDemand> = {}): LimitDemand => ({
  ...{ key: 'a', amount: 1, maximum: 3, windowMs: 1000 },
  ...change,
});
const taking = (intent: number, demands: readonly LimitDemand[], now = NOON) => ({
  ...{ intentDigest: digestOf(3000 + intent), now, demands },
});
const take = (store: LimitStore, intent: number, change: Partial<LimitDemand> = {}, now = NOON) =>
  store.take(taking(intent, [demand(change)], now));

/** The conformance suite of the port `LimitStore`. One step across processes is for each driver to show. */
export const limitStoreConformance: readonly ConformanceCase<LimitStore>[] = [
  rule('of actions at the same time exactly as many pass as there is room for', async (store) => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, intent) => take(store, intent, { maximum: 7 })));
    same(answers.filter(({ outcome }) => outcome === 'taken').length, 7, 'taken');
    same((await take(store, 99, { maximum: 7 })).used, [7], 'used');
  }),
  rule('the same intent holds what it held, however often it asks', async (store) => {
    for (let n = 0; n < 5; n += 1) same(await take(store, 1, { maximum: 1 }), { outcome: 'taken', used: [0] }, 'again');
    same(await take(store, 2, { maximum: 1 }), { outcome: 'exhausted', used: [1] }, 'another');
  }),
  rule('of several limits all are taken or none', async (store) => {
    const both = [demand({ key: 'a', maximum: 9 }), demand({ key: 'b', maximum: 1 })];
    same(await store.take(taking(1, both)), { outcome: 'taken', used: [0, 0] }, 'first');
    same(await store.take(taking(2, both)), { outcome: 'exhausted', used: [1, 1] }, 'second');
    same(await take(store, 3, { maximum: 9 }), { outcome: 'taken', used: [1] }, 'nothing of the second was kept');
  }),
  rule('what is given back may be taken again, and only that', async (store) => {
    await store.take(taking(1, [demand({ maximum: 2 }), demand({ key: 'b', maximum: 2 })]));
    await take(store, 2, { maximum: 2 });
    same((await take(store, 3, { maximum: 2 })).outcome, 'exhausted', 'full');
    await store.release(digestOf(3000 + 7));
    same((await take(store, 3, { maximum: 2 })).outcome, 'exhausted', 'an unknown intent gave nothing back');
    await store.release(digestOf(3000 + 1));
    await store.release(digestOf(3000 + 1));
    same(await take(store, 3, { maximum: 2 }), { outcome: 'taken', used: [1] }, 'room');
    same((await take(store, 4, { maximum: 2 })).outcome, 'exhausted', 'full again');
    same((await take(store, 5, { key: 'b', maximum: 1 })).used, [0], 'the other limit');
  }),
  rule('reading takes nothing', async (store) => {
    const one = taking(1, [demand({ maximum: 1 })]);
    same(await store.read(one), { outcome: 'taken', used: [0] }, 'room');
    same(await take(store, 2, { maximum: 1 }), { outcome: 'taken', used: [0] }, 'taken by another');
    same(await store.read(one), { outcome: 'exhausted', used: [1] }, 'none left');
  }),
  rule('amounts are summed, and none but a whole sum passes', async (store) => {
    const most = Number.MAX_SAFE_INTEGER;
    same((await take(store, 1, { amount: most - 5, maximum: most })).outcome, 'taken', 'almost all');
    same(await take(store, 2, { amount: 6, maximum: most }), { outcome: 'exhausted', used: [most - 5] }, 'too much');
    same((await take(store, 3, { amount: most, maximum: most })).outcome, 'exhausted', 'a sum that no number holds');
    same((await take(store, 4, { amount: 5, maximum: most })).outcome, 'taken', 'the rest');
    same((await take(store, 5, { amount: 0, maximum: most })).outcome, 'taken', 'nothing');
    same((await take(store, 6, { amount: 1, maximum: 0, key: 'b' })).outcome, 'exhausted', 'a limit of nothing');
  }),
  rule('a window slides: an entry counts for its length and not longer', async (store) => {
    await take(store, 1, { maximum: 1 });
    same((await take(store, 2, { maximum: 1 }, NOON + 999)).outcome, 'exhausted', 'within');
    same((await take(store, 2, { maximum: 1 }, NOON + 1000)).outcome, 'taken', 'after');
    same((await take(store, 1, { maximum: 1 }, NOON + 1500)).outcome, 'exhausted', 'the first one asks anew');
    same((await take(store, 1, { maximum: 1 }, NOON + 2000)).outcome, 'taken', 'and is counted anew');
  }),
  rule('a window without end never forgets', async (store) => {
    await take(store, 1, { maximum: 1, windowMs: null });
    const late = NOON + 400 * 86_400_000;
    for (let n = 10; n < 20; n += 1) await take(store, n, { key: `k${n}` }, late);
    same((await take(store, 2, { maximum: 1, windowMs: null }, late)).outcome, 'exhausted', 'a year on');
  }),
  rule('a clock that was set back frees nothing', async (store) => {
    await take(store, 1, { maximum: 2 }, NOON + 5000);
    same(await take(store, 2, { maximum: 2 }, NOON), { outcome: 'taken', used: [1] }, 'an hour earlier');
    same((await take(store, 3, { maximum: 2 }, NOON + 1500)).outcome, 'exhausted', 'both count');
    same((await take(store, 3, { maximum: 2 }, NOON + 5999)).outcome, 'exhausted', 'until the later time has passed');
    same((await take(store, 3, { maximum: 2 }, NOON + 6000)).used, [0], 'both are gone');
  }),
];
