import type { StandingGrantStore } from '@exoarmur/contracts';
import { type ConformanceCase, digestOf, rule, same } from './conformance-case.ts';

const GRANT = digestOf(1);
const ENVELOPE = { payload: 'e30=', payloadType: 'test', signatures: [{ keyid: '00', sig: 'AA==' }] };
const kept = { standingGrantDigest: GRANT, envelope: ENVELOPE };
const use = (intent: number, maxUses = 2) => ({
  standingGrantDigest: GRANT,
  intentDigest: digestOf(100 + intent),
  maxUses,
});

/** The conformance suite of the port `StandingGrantStore`. */
export const standingGrantStoreConformance: readonly ConformanceCase<StandingGrantStore>[] = [
  rule('a grant that was not added is unknown', async (store) => {
    same(await store.use(use(1)), { outcome: 'unknown' }, 'use');
    same(await store.revoke(GRANT), false, 'revoke');
    same(await store.list(), [], 'list');
  }),
  rule('uses are counted up to the limit, and the same intent counts once', async (store) => {
    await store.add(kept);
    same(await store.use(use(1)), { outcome: 'used', use: 1 }, 'first');
    same(await store.use(use(1)), { outcome: 'used', use: 1 }, 'first again');
    same(await store.use(use(2)), { outcome: 'used', use: 2 }, 'second');
    same(await store.use(use(3)), { outcome: 'exhausted' }, 'third');
    same(await store.use(use(1)), { outcome: 'used', use: 1 }, 'first once more');
    await store.add(kept);
    same(await store.list(), [{ ...kept, uses: 2, isRevoked: false }], 'list');
  }),
  rule('of uses at the same time no more than the limit succeed, each with a number of its own', async (store) => {
    await store.add(kept);
    const results = await Promise.all(Array.from({ length: 30 }, (_, index) => store.use(use(index, 7))));
    const numbers = results.flatMap((result) => (result.outcome === 'used' ? [result.use] : []));
    same(
      numbers.toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7],
      'uses',
    );
  }),
  rule('a revocation is final, also for uses already made and for the same grant added again', async (store) => {
    await store.add(kept);
    await store.use(use(1));
    same(await store.revoke(GRANT), true, 'revoke');
    same(await store.revoke(GRANT), false, 'revoke again');
    await store.add(kept);
    same(await store.use(use(1)), { outcome: 'revoked' }, 'use');
    same(await store.list(), [{ ...kept, uses: 1, isRevoked: true }], 'list');
  }),
  rule('grants are counted apart and listed in order of their digests', async (store) => {
    const other = { standingGrantDigest: digestOf(0), envelope: { ...ENVELOPE, payloadType: 'other' } };
    await store.add(kept);
    await store.add(other);
    await store.use(use(1));
    same(
      await store.list(),
      [
        { ...other, uses: 0, isRevoked: false },
        { ...kept, uses: 1, isRevoked: false },
      ],
      'list',
    );
  }),
];
