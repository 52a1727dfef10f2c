import { digestValue } from '@exoarmur/canonical';
import { DECISION_DIGEST_DOMAIN, type Decision, type Digest } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { countingRandom, createIntent, createTestBoundary, createTestClock } from '../test/boundary.ts';
import { createGrant, createMemoryGrantStore, digestGrant, redeemGrant } from './index.ts';

const executor = { name: 'test', version: '1', digest: `sha256:${'a'.repeat(64)}` as Digest };
const other = `sha256:${'0'.repeat(64)}` as Digest;

async function decisionOf(target = '/data/x'): Promise<Decision> {
  const decision = await createTestBoundary().pipeline.decide(createIntent({ target }));
  if (decision === undefined) throw new Error('no decision');
  return decision;
}

async function createRedemption() {
  const decision = await decisionOf();
  const clock = createTestClock();
  const grant = createGrant({ decision, executor, clock, random: countingRandom(), ttlSeconds: 60 });
  const store = createMemoryGrantStore();
  return {
    grant,
    recordedDigest: digestGrant(grant),
    intentDigest: decision.intent_digest,
    decisionDigest: digestValue(DECISION_DIGEST_DOMAIN, decision),
    ...{ executor, clock, store },
  };
}

describe('createGrant', () => {
  it('makes an authority only from a decision that allows', async () => {
    const decision = await decisionOf('/data/locked/x');
    const sources = { clock: createTestClock(), random: countingRandom() };
    expect(() => createGrant({ decision, executor, ...sources, ttlSeconds: 60 })).toThrow(TypeError);
  });
});

describe('redeemGrant', () => {
  it('lets exactly one of many redeem', async () => {
    const redemption = await createRedemption();
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => redeemGrant(redemption)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const { reason } of tries.filter((entry) => entry.status === 'rejected')) {
      expect(reason).toMatchObject({ code: 'BOUNDARY_GRANT_REDEEMED' });
    }
  });

  it('lets no second grant of the same intent be redeemed', async () => {
    const redemption = await createRedemption();
    await redeemGrant(redemption);
    const grant = { ...redemption.grant, nonce: 'f'.repeat(32) };
    const again = redeemGrant({ ...redemption, grant, recordedDigest: digestGrant(grant) });
    await expect(again).rejects.toMatchObject({ code: 'BOUNDARY_GRANT_REDEEMED' });
  });

  it.each([
    ['intent', { intentDigest: other }, '/intent_digest'],
    ['decision', { decisionDigest: other }, '/decision_digest'],
    ['recorded grant', { recordedDigest: other }, '/grant_digest'],
    ['name of executor', { executor: { ...executor, name: 'other' } }, '/executor'],
    ['version of executor', { executor: { ...executor, version: '2' } }, '/executor'],
    ['manifest of executor', { executor: { ...executor, digest: other } }, '/executor'],
  ])('refuses another %s and uses nothing up', async (_, change, pointer) => {
    const redemption = await createRedemption();
    await expect(redeemGrant({ ...redemption, ...change })).rejects.toMatchObject({
      ...{ code: 'BOUNDARY_GRANT_MISMATCH', pointer },
    });
    await expect(redeemGrant(redemption)).resolves.toBeUndefined();
  });

  it('refuses a grant that was altered after it was recorded', async () => {
    const redemption = await createRedemption();
    const grant = { ...redemption.grant, expires_at: '2099-01-01T00:00:00.000Z' };
    await expect(redeemGrant({ ...redemption, grant })).rejects.toMatchObject({ pointer: '/grant_digest' });
  });

  it('refuses a grant from the millisecond of its expiry on', async () => {
    const redemption = await createRedemption();
    redemption.clock.nowMs += 60_000;
    await expect(redeemGrant(redemption)).rejects.toMatchObject({ code: 'BOUNDARY_GRANT_EXPIRED' });
    redemption.clock.nowMs -= 1;
    await expect(redeemGrant(redemption)).resolves.toBeUndefined();
  });

  it('refuses what a recovery made void', async () => {
    const redemption = await createRedemption();
    const { recordedDigest: grantDigest, intentDigest, store } = redemption;
    await store.claim({ grantDigest, intentDigest, purpose: 'void' });
    await expect(redeemGrant(redemption)).rejects.toMatchObject({ code: 'BOUNDARY_GRANT_REDEEMED' });
  });
});
