import { findStandingGrantMismatch } from '@exoarmur/audit/trail';
import { digestValue, encodeHex, formatTime, type NamedSigner } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalFact,
  type ApprovalRequest,
  type Digest,
  type DsseEnvelope,
  type RandomSource,
  STANDING_GRANT_DIGEST_DOMAIN,
  STANDING_GRANT_PAYLOAD_TYPE,
  type StandingGrant,
  type StandingGrantStore,
  standingGrantSchema,
} from '@exoarmur/contracts';
import { assertEntitled, signValue } from './approval.ts';
import type { BoundaryContext } from './boundary-context.ts';
import type { BoundaryError } from './errors.ts';
import { isCleared, isRefusal, readOperatorSignature, refuse, type SigningOperator } from './operator-signature.ts';

/** A standing grant whose signature holds now, by an operator who is not revoked. */
export interface VerifiedStandingGrant {
  readonly envelope: DsseEnvelope;
  readonly digest: Digest;
  readonly grant: StandingGrant;
  readonly operator: SigningOperator;
}

/** Signs a standing grant with the operator's own key. @throws TypeError for what the format cannot hold. */
export function signStandingGrant(options: {
  readonly grant: Omit<StandingGrant, 'schema' | 'nonce'>;
  readonly signer: NamedSigner;
  readonly random: RandomSource;
}): DsseEnvelope {
  const { grant, signer, random } = options;
  const nonce = encodeHex(random.bytes(16));
  const parsed = standingGrantSchema.safeParse({ ...grant, schema: 'exoarmur.standing-grant/1', nonce });
  if (!parsed.success) throw new TypeError('grant does not fit a standing grant');
  return signValue(STANDING_GRANT_PAYLOAD_TYPE, parsed.data, signer);
}

/** Digest of a standing grant: over its whole envelope. */
export function digestStandingGrant(envelope: DsseEnvelope): Digest {
  return digestValue(STANDING_GRANT_DIGEST_DOMAIN, envelope);
}

/**
 * Verifies a standing grant as far as it does not depend on an action: signed by the operator it names, cleared for its class,
 * for this tenant and cell, sorted and free of contradiction, not past its time.
 * @throws BoundaryError as readOperatorSignature, BOUNDARY_STANDING_GRANT_UNFIT with a pointer, BOUNDARY_APPROVAL_EXPIRED
 */
export async function verifyStandingGrant(input: unknown, context: BoundaryContext): Promise<VerifiedStandingGrant> {
  const { tenant, cell, clock, operators } = context;
  const {
    envelope,
    operator,
    value: grant,
  } = await readOperatorSignature(input, operators, {
    payloadType: STANDING_GRANT_PAYLOAD_TYPE,
    shape: standingGrantSchema,
  });
  if (grant.granted_by !== operator.operatorId) {
    throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'the key that signed belongs to another operator', '/granted_by');
  }
  if (grant.tenant_id !== tenant) throw unfit('/tenant_id');
  if (grant.cell_id !== cell) throw unfit('/cell_id');
  if (!isCleared(operator, grant.action_class)) {
    throw refuse('BOUNDARY_APPROVAL_CLEARANCE_MISSING', 'the operator is not cleared for this class', '/action_class');
  }
  const names = grant.parameters.map(({ name }) => name);
  if (names.some((name, index) => index > 0 && name <= (names[index - 1] as string))) throw unfit('/parameters');
  if (grant.expires_at <= formatTime(clock.now())) {
    throw refuse('BOUNDARY_APPROVAL_EXPIRED', 'standing grant has expired', '/expires_at');
  }
  return { envelope, digest: digestStandingGrant(envelope), grant, operator };
}

/** A use of a standing grant: the fact the decision may read, and what is recorded of it. */
export interface GrantUse {
  readonly fact: ApprovalFact;
  readonly envelope: DsseEnvelope;
  readonly use: number;
}

/**
 * Uses the first standing grant that fits an action, counted before it is answered; undefined when none does. A store that
 * cannot tell, or a grant that does not verify any more, is none.
 */
export async function takeStandingGrant(
  context: BoundaryContext,
  intent: ActionIntent,
  request: ApprovalRequest,
): Promise<GrantUse | undefined> {
  const { standingGrants } = context;
  if (standingGrants === undefined || request.requirement.quorum !== 1) return undefined;
  try {
    return await useFirstFit(context, standingGrants, intent, request);
  } catch {
    // A store or registry may fail in any way; then nobody has agreed in advance, and people are asked.
    return undefined;
  }
}

async function useFirstFit(
  context: BoundaryContext,
  standingGrants: StandingGrantStore,
  intent: ActionIntent,
  request: ApprovalRequest,
): Promise<GrantUse | undefined> {
  for (const kept of await standingGrants.list()) {
    const found = await findFit(context, intent, request, kept.envelope);
    if (found === undefined || found.grant.not_before > formatTime(context.clock.now())) continue;
    const { digest, grant, envelope } = found;
    const result = await standingGrants.use({
      ...{ standingGrantDigest: digest, intentDigest: request.intent_digest, maxUses: grant.max_uses },
    });
    if (result.outcome !== 'used') continue;
    return { envelope, use: result.use, fact: factOf(found, result.use) };
  }
  return undefined;
}

/** Whether a use still holds: the grant is not revoked, nor is whoever signed it. */
export async function holdsStill(
  context: BoundaryContext,
  intent: ActionIntent,
  request: ApprovalRequest,
  envelope: DsseEnvelope,
): Promise<ApprovalFact | undefined> {
  const found = await findFit(context, intent, request, envelope);
  if (found === undefined || context.standingGrants === undefined) return undefined;
  const { digest, grant } = found;
  const result = await context.standingGrants.use({
    ...{ standingGrantDigest: digest, intentDigest: request.intent_digest, maxUses: grant.max_uses },
  });
  return result.outcome === 'used' ? factOf(found, result.use) : undefined;
}

async function findFit(
  context: BoundaryContext,
  intent: ActionIntent,
  request: ApprovalRequest,
  envelope: unknown,
): Promise<VerifiedStandingGrant | undefined> {
  try {
    const verified = await verifyStandingGrant(envelope, context);
    const { grant, operator } = verified;
    if (grant.policy_digest !== request.policy_digest) return undefined;
    if (findStandingGrantMismatch(grant, intent) !== null) return undefined;
    assertEntitled(operator, request, intent);
    return verified;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

function factOf({ digest, grant, operator }: VerifiedStandingGrant, use: number): ApprovalFact {
  return {
    approval_digest: digest,
    verdict: 'approve',
    key_id: encodeHex(operator.key.keyId),
    approver_id: operator.operatorId,
    roles: [...new Set(operator.roles)].sort(),
    expires_at: grant.expires_at,
    standing_grant: { use, max_uses: grant.max_uses },
  };
}

function unfit(pointer: string): BoundaryError {
  return refuse('BOUNDARY_STANDING_GRANT_UNFIT', 'standing grant is not for this boundary', pointer);
}
