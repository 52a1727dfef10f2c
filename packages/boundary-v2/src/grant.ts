import { type Digest, digestValue, encodeHex, fixValue, formatTime, parseTime } from '@exoarmur/canonical';
import {
  type Clock,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  type ExecutorIdentity,
  GRANT_DIGEST_DOMAIN,
  type Grant,
  type GrantStore,
  type RandomSource,
} from '@exoarmur/contracts';
import { BoundaryError } from './errors.ts';

/** Bytes of a grant's nonce. */
export const GRANT_NONCE_BYTES = 16;

/** The grant for one effect under a decision that allows it. @throws TypeError for any other decision. */
export function createGrant(options: {
  readonly decision: Decision;
  readonly executor: ExecutorIdentity;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly ttlSeconds: number;
}): Grant {
  const { decision, executor, clock, random, ttlSeconds } = options;
  if (decision.verdict !== 'allow') throw new TypeError('a grant needs a decision that allows');
  const approvals = decision.facts.approvals.filter(({ verdict }) => verdict === 'approve');
  const expiries = approvals.map(({ expires_at }) => parseTime(expires_at));
  const { name, version, digest } = executor;
  return fixValue({
    schema: 'exoarmur.grant/1',
    intent_digest: decision.intent_digest,
    decision_digest: digestValue(DECISION_DIGEST_DOMAIN, decision),
    approval_digests: approvals.map(({ approval_digest }) => approval_digest).sort(),
    executor: { name, version, digest },
    nonce: encodeHex(random.bytes(GRANT_NONCE_BYTES)),
    // An authority does not outlive an approval it rests on.
    expires_at: formatTime(Math.min(clock.now() + ttlSeconds * 1000, ...expiries)),
  });
}

/** Digest of a grant: what an outcome and a claim refer to. */
export function digestGrant(grant: Grant): Digest {
  return digestValue(GRANT_DIGEST_DOMAIN, grant);
}

/**
 * Redeems a grant for exactly the action at hand, at most once. Whoever gets past this may run the executor; nobody else.
 * @throws BoundaryError BOUNDARY_GRANT_MISMATCH for another intent, decision, executor or digest, BOUNDARY_GRANT_EXPIRED,
 * BOUNDARY_GRANT_REDEEMED. Rejects with the store's own error when the store cannot tell.
 */
export async function redeemGrant(options: {
  readonly grant: Grant;
  /** Digest of the grant as it was durably recorded. */
  readonly recordedDigest: Digest;
  readonly intentDigest: Digest;
  readonly decisionDigest: Digest;
  readonly executor: ExecutorIdentity;
  readonly clock: Clock;
  readonly store: GrantStore;
}): Promise<void> {
  const { grant, recordedDigest, intentDigest, decisionDigest, executor, clock, store } = options;
  const mismatch = (what: string) =>
    new BoundaryError('BOUNDARY_GRANT_MISMATCH', `grant is for another ${what}`, { pointer: `/${what}` });
  if (digestGrant(grant) !== recordedDigest) throw mismatch('grant_digest');
  if (grant.intent_digest !== intentDigest) throw mismatch('intent_digest');
  if (grant.decision_digest !== decisionDigest) throw mismatch('decision_digest');
  const { name, version, digest } = grant.executor;
  if (name !== executor.name || version !== executor.version || digest !== executor.digest) throw mismatch('executor');
  if (clock.now() >= parseTime(grant.expires_at)) {
    throw new BoundaryError('BOUNDARY_GRANT_EXPIRED', 'grant has expired', { pointer: '/expires_at' });
  }
  const result = await store.claim({ grantDigest: recordedDigest, intentDigest, purpose: 'redeem' });
  if (result.outcome !== 'claimed') throw new BoundaryError('BOUNDARY_GRANT_REDEEMED', 'grant is used up');
}
