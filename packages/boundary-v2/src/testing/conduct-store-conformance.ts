import type { Conduct, ConductStore } from '@exoarmur/contracts';
import { type ConformanceCase, digestOf, rule, same } from './conformance-case.ts';

const NONE = { completed: 0, failed: 0, ambiguous: 0, denied: 0 };
const conduct = (intent: number, change: Partial<Conduct> = {}): Conduct => ({
  ...{ intentDigest: digestOf(4000 + intent), actor: 'agent-1', correlation: 'c-1', actionType: 'file.read' },
  ...{ end: 'completed', day: 19_723 },
  ...change,
});
const ask = (store: ConductStore, change: object = {}) =>
  store.readHistory({ actor: 'agent-1', correlation: 'c-1', maxTypes: 64, ...change });

/** The conformance suite of the port `ConductStore`. One step across processes is for each driver to show. */
export const conductStoreConformance: readonly ConformanceCase<ConductStore>[] = [
  rule('nobody knows an actor that never acted', async (store) => {
    same(await store.listDays('agent-1', 0), [], 'days');
    same(await ask(store), { actor: NONE, correlation: NONE, completedTypes: [] }, 'history');
  }),
  rule('an action is counted once, whatever comes twice', async (store) => {
    same(await store.observe(conduct(1)), true, 'first');
    same(await store.observe(conduct(1)), false, 'again');
    same(await store.observe(conduct(1, { end: 'denied', day: 19_800, actor: 'agent-2' })), false, 'another story');
    const answers = await Promise.all(Array.from({ length: 9 }, () => store.observe(conduct(2))));
    same(answers.filter((isCounted) => isCounted).length, 1, 'at the same time');
    same((await ask(store)).actor, { ...NONE, completed: 2 }, 'counted');
    same(await store.listDays('agent-2', 0), [], 'the other actor');
  }),
  rule('days are told apart and in order, from the one asked for', async (store) => {
    await store.observe(conduct(1, { day: 30 }));
    await store.observe(conduct(2, { day: 10, end: 'denied' }));
    await store.observe(conduct(3, { day: 20, end: 'ambiguous' }));
    await store.observe(conduct(4, { day: 20, end: 'failed' }));
    await store.observe(conduct(5, { day: 20, actor: 'agent-2' }));
    const later = [
      { ...NONE, day: 20, ambiguous: 1, failed: 1 },
      { ...NONE, day: 30, completed: 1 },
    ];
    same(await store.listDays('agent-1', 11), later, 'from 11');
    same(await store.listDays('agent-1', 10), [{ ...NONE, day: 10, denied: 1 }, ...later], 'from 10');
  }),
  rule('a correlation has its own counts, over all its actors', async (store) => {
    await store.observe(conduct(1));
    await store.observe(conduct(2, { actor: 'agent-2', actionType: 'file.delete', end: 'failed' }));
    await store.observe(conduct(3, { correlation: 'c-2', actionType: 'mail.send' }));
    const { actor, correlation, completedTypes } = await ask(store);
    same(actor, { ...NONE, completed: 2 }, 'actor');
    same(correlation, { ...NONE, completed: 1, failed: 1 }, 'correlation');
    same(completedTypes, ['file.read'], 'completed in it');
  }),
  rule('completed types come once, in order, and no more than were asked for', async (store) => {
    for (const [n, actionType] of ['c', 'a', 'b', 'a'].entries()) await store.observe(conduct(n, { actionType }));
    same((await ask(store)).completedTypes, ['a', 'b', 'c'], 'all');
    same((await ask(store, { maxTypes: 2 })).completedTypes, ['a', 'b'], 'two');
  }),
];
