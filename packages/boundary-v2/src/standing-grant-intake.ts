import type { Digest, StandingGrantChanged, StandingGrantStore } from '@exoarmur/contracts';
import type { BoundaryContext } from './boundary-context.ts';
import { recordFact } from './cell-record.ts';
import { BoundaryError } from './errors.ts';
import { refuse } from './operator-signature.ts';
import { standingGrantStreamOf } from './reserved-streams.ts';
import { verifyStandingGrant } from './standing-grant.ts';

/** Verifies, records and keeps a standing grant. The record comes first: nothing is used that the log does not know. */
export async function addStandingGrant(context: BoundaryContext, input: unknown): Promise<Digest> {
  const store = storeOf(context);
  const { envelope, digest, grant } = await verifyStandingGrant(input, context);
  await record(context, { type: 'human', id: grant.granted_by }, digest, {
    change: 'added',
    envelope,
    revoked_by: null,
  });
  await store.add({ standingGrantDigest: digest, envelope });
  return digest;
}

/** Revokes and records a revocation. The store comes first: from here on nothing is used. */
export async function revokeStandingGrant(context: BoundaryContext, digest: Digest, revokedBy: string): Promise<void> {
  if (!(await storeOf(context).revoke(digest))) {
    throw refuse('BOUNDARY_STANDING_GRANT_UNKNOWN', 'there is no such standing grant to revoke');
  }
  const change = { change: 'revoked', envelope: null, revoked_by: revokedBy } as const;
  await record(context, { type: 'human', id: revokedBy }, digest, change);
}

function storeOf({ standingGrants }: BoundaryContext): StandingGrantStore {
  if (standingGrants !== undefined) return standingGrants;
  throw new BoundaryError('BOUNDARY_CONFIG_INVALID', 'no store of standing grants', { pointer: '/standingGrants' });
}

async function record(
  { log, cell, limits }: BoundaryContext,
  actor: { readonly type: 'human'; readonly id: string },
  standing_grant_digest: Digest,
  change: Pick<StandingGrantChanged, 'change' | 'envelope' | 'revoked_by'>,
): Promise<void> {
  const payload: StandingGrantChanged = {
    schema: 'exoarmur.standing-grant-changed/1',
    standing_grant_digest,
    ...change,
  };
  await recordFact(
    log,
    { stream: standingGrantStreamOf(cell), actor, kind: 'standing_grant_changed', payload },
    { what: 'the standing grant', timeoutMs: limits.logTimeoutMs },
  );
}
