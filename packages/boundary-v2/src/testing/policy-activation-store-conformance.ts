import type { KeptActivation, PolicyActivationStore, RefusedBundle } from '@exoarmur/contracts';
import { type ConformanceCase, digestOf, rule, same } from './conformance-case.ts';

const activation = (generation: number, payload = 'e30='): KeptActivation => ({
  generation,
  envelope: { payload, payloadType: 'test', signatures: [{ keyid: '00', sig: 'AA==' }] },
  override: generation === 2 ? { bundle_digest: digestOf(2), stated_by: 'ann', reason: 'back' } : null,
  activatedAt: `2024-01-01T12:00:0${generation}.000Z`,
});
const ALL = { before: Number.MAX_SAFE_INTEGER, limit: 10 };
const REFUSAL: RefusedBundle = { reason: 'expired', bundleDigest: null, refusedAt: '2024-01-01T12:00:00.000Z' };

/** The conformance suite of the port `PolicyActivationStore`. */
export const policyActivationStoreConformance: readonly ConformanceCase<PolicyActivationStore>[] = [
  rule('activations are counted from one, and listed newest first', async (store) => {
    same(await store.list(ALL), [], 'empty');
    for (const generation of [1, 2, 3]) same(await store.append(activation(generation)), 'appended', 'append');
    same(await store.list(ALL), [activation(3), activation(2), activation(1)], 'all');
    same(await store.list({ before: 3, limit: 1 }), [activation(2)], 'one before the last');
  }),
  rule('none takes the place of another, and none is left out', async (store) => {
    same(await store.append(activation(2)), 'generation_taken', 'gap at the beginning');
    await store.append(activation(1));
    for (const generation of [1, 3])
      same(await store.append(activation(generation, 'e31=')), 'generation_taken', 'append');
    same(await store.list(ALL), [activation(1)], 'list');
  }),
  rule('of activations at the same time exactly one is taken', async (store) => {
    const results = await Promise.all(Array.from({ length: 20 }, () => store.append(activation(1))));
    same(results.filter((result) => result === 'appended').length, 1, 'appended');
  }),
  rule('the last refusal stands until it is taken back', async (store) => {
    same(await store.findRefusal(), null, 'none');
    await store.setRefusal(REFUSAL);
    await store.setRefusal({ ...REFUSAL, bundleDigest: digestOf(7) });
    same(await store.findRefusal(), { ...REFUSAL, bundleDigest: digestOf(7) }, 'last');
    await store.setRefusal(null);
    same(await store.findRefusal(), null, 'taken back');
  }),
  rule('the mark is another one after each activation, and while a refusal stands', async (store) => {
    const none = { generation: 0, activatedAt: null, refusedAt: null };
    same(await store.findMark(), none, 'empty');
    await store.setRefusal(REFUSAL);
    same(await store.findMark(), { ...none, refusedAt: REFUSAL.refusedAt }, 'refused before any activation');
    for (const generation of [1, 2]) await store.append(activation(generation));
    const { activatedAt } = activation(2);
    same(await store.findMark(), { generation: 2, activatedAt, refusedAt: REFUSAL.refusedAt }, 'refused');
    await store.setRefusal(null);
    same(await store.findMark(), { generation: 2, activatedAt, refusedAt: null }, 'taken');
  }),
];
