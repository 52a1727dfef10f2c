import type { Digest, GrantClaim, GrantStore } from '@exoarmur/contracts';

/** A grant store in the memory of one process. */
export function createMemoryGrantStore(): GrantStore {
  const claims = new Map<Digest, GrantClaim>();
  return {
    isDurable: false,
    // INVARIANT: no await between look-up and insertion, which is what makes it one step.
    claim: async (claim) => {
      const by = claims.get(claim.grantDigest) ?? claims.get(claim.intentDigest);
      if (by !== undefined) return { outcome: 'taken', by };
      const kept = Object.freeze({ ...claim });
      claims.set(claim.grantDigest, kept);
      claims.set(claim.intentDigest, kept);
      return { outcome: 'claimed' };
    },
  };
}
