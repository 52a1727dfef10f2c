import type { GrantClaim, GrantStore } from '@exoarmur/contracts';
import { type ConformanceCase, digestOf, rule, same } from './conformance-case.ts';

const claim = (grant: number, intent: number, purpose: GrantClaim['purpose'] = 'redeem'): GrantClaim => ({
  grantDigest: digestOf(1000 + grant),
  intentDigest: digestOf(2000 + intent),
  purpose,
});

/** The conformance suite of the port `GrantStore`. The compare-and-set across processes is for each driver to show. */
export const grantStoreConformance: readonly ConformanceCase<GrantStore>[] = [
  rule('the first claim wins and every later one learns of it', async (store) => {
    same(await store.claim(claim(1, 1)), { outcome: 'claimed' }, 'first');
    same(await store.claim(claim(1, 1)), { outcome: 'taken', by: claim(1, 1) }, 'second');
    same(await store.claim(claim(1, 1, 'void')), { outcome: 'taken', by: claim(1, 1) }, 'other purpose');
    same(await store.claim(claim(2, 2)), { outcome: 'claimed' }, 'another grant');
  }),
  rule('a second grant of the same intent is taken', async (store) => {
    same(await store.claim(claim(1, 1, 'void')), { outcome: 'claimed' }, 'first');
    same(await store.claim(claim(2, 1)), { outcome: 'taken', by: claim(1, 1, 'void') }, 'second grant');
  }),
  rule('of claims at the same time exactly one wins', async (store) => {
    const claims = Array.from({ length: 50 }, (_, index) => claim(index % 5, 1, index % 2 === 0 ? 'redeem' : 'void'));
    const results = await Promise.all(claims.map((one) => store.claim(one)));
    const winners = claims.filter((_, index) => results[index]?.outcome === 'claimed');
    same(winners.length, 1, 'winners');
    for (const result of results) if (result.outcome === 'taken') same(result.by, winners[0], 'taken by');
  }),
];
