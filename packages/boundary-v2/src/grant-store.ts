import type { Digest } from '@exoarmur/contracts';

/** One entry of a grant store: which grant of which intent was used up, and for what. */
export interface GrantClaim {
  readonly grantDigest: Digest;
  readonly intentDigest: Digest;
  /** `redeem` by whoever runs the executor next; `void` by a recovery, so that nobody ever will. */
  readonly purpose: 'redeem' | 'void';
}

/** The answer to a claim. */
export type ClaimResult =
  | { readonly outcome: 'claimed' }
  /** Another claim on the same grant or the same intent came first. */
  | { readonly outcome: 'taken'; readonly by: GrantClaim };

/**
 * Remembers which grants are used up. `claim` is one atomic compare-and-set over all processes that share the store: of
 * any number of claims that name the same grant or the same intent exactly one is `claimed`, for ever. It rejects when it
 * cannot tell, and then nothing runs.
 */
export interface GrantStore {
  /** Whether a claim outlives the process. Without that, a recovery cannot tell an unused grant from a forgotten one. */
  readonly isDurable: boolean;
  claim(claim: GrantClaim): Promise<ClaimResult>;
}

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
