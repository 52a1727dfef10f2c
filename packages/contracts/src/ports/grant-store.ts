import type { Digest } from '../primitives.ts';

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

/** One use of a standing grant by one intent. */
export interface StandingGrantUse {
  /** Digest of the signed envelope of the standing grant. */
  readonly standingGrantDigest: Digest;
  readonly intentDigest: Digest;
  /** Uses the signer allowed. */
  readonly maxUses: number;
}

/** The answer to a use: which one it was, counted from 1, or that there is none left or the grant was revoked. */
export type UseResult =
  | { readonly outcome: 'used'; readonly use: number }
  | { readonly outcome: 'exhausted' }
  | { readonly outcome: 'revoked' }
  | { readonly outcome: 'unknown' };

/** A standing grant as kept: the signed envelope, and where it stands. */
export interface KeptStandingGrant {
  readonly standingGrantDigest: Digest;
  /** The DSSE envelope as signed; whoever reads it verifies it again. */
  readonly envelope: { readonly [member: string]: unknown };
  readonly uses: number;
  readonly isRevoked: boolean;
}

/**
 * Keeps standing grants of one tenant and counts their uses. `use` is one atomic step over all processes that share the
 * store: no more than `maxUses` intents are ever `used`, and the same intent again gets the number it has.
 */
export interface StandingGrantStore {
  /** Whether counts outlive the process. */
  readonly isDurable: boolean;
  /** Keeps an envelope under its digest; the same one again changes nothing and does not undo a revocation. */
  add(grant: Pick<KeptStandingGrant, 'standingGrantDigest' | 'envelope'>): Promise<void>;
  /** Every grant kept, revoked ones too, in order of their digests. */
  list(): Promise<readonly KeptStandingGrant[]>;
  use(use: StandingGrantUse): Promise<UseResult>;
  /** For good. Answers whether the grant was known and not yet revoked. */
  revoke(standingGrantDigest: Digest): Promise<boolean>;
}
