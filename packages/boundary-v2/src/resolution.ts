import { digestValue, encodeHex, type NamedSigner } from '@exoarmur/canonical';
import {
  type DsseEnvelope,
  OUTCOME_DIGEST_DOMAIN,
  type Outcome,
  type RandomSource,
  RESOLUTION_DIGEST_DOMAIN,
  RESOLUTION_PAYLOAD_TYPE,
  type ResolutionFinding,
  resolutionSchema,
} from '@exoarmur/contracts';
import type { ActionEnd } from './action-result.ts';
import { endOf } from './action-run.ts';
import type { ActionStream } from './action-stream.ts';
import { signValue } from './approval.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { answersFor, readOperatorSignature, refuse } from './operator-signature.ts';

/** Signs what a person found out about an ambiguous outcome. @throws TypeError for what the format cannot hold. */
export function signResolution(options: {
  readonly outcome: Outcome;
  readonly finding: ResolutionFinding;
  readonly resolverId: string;
  readonly reason: string;
  readonly signer: NamedSigner;
  readonly random: RandomSource;
}): DsseEnvelope {
  const { outcome, finding, resolverId, reason, signer, random } = options;
  const resolution = resolutionSchema.safeParse({
    schema: 'exoarmur.resolution/1',
    intent_digest: outcome.intent_digest,
    grant_digest: outcome.grant_digest,
    outcome_digest: digestValue(OUTCOME_DIGEST_DOMAIN, outcome),
    finding,
    resolver_id: resolverId,
    reason,
    nonce: encodeHex(random.bytes(16)),
  });
  if (!resolution.success) throw new TypeError('resolver id or reason does not fit a resolution');
  return signValue(RESOLUTION_PAYLOAD_TYPE, resolution.data, signer);
}

/**
 * Records what a person other than the requester found out about an ambiguous action, once. Runs nothing and changes no
 * outcome. @throws BoundaryError BOUNDARY_NOT_AMBIGUOUS, BOUNDARY_RESOLUTION_MISMATCH for another intent, grant or outcome,
 * BOUNDARY_APPROVER_UNKNOWN, BOUNDARY_APPROVAL_BY_REQUESTER, and as readOperatorSignature
 */
export async function takeResolution(
  { operators }: BoundaryContext,
  stream: ActionStream,
  input: unknown,
): Promise<ActionEnd> {
  const outcome = stream.latest('execution_completed');
  if (stream.state.phase !== 'closed' || outcome?.status !== 'ambiguous' || stream.state.resolution !== null) {
    throw refuse('BOUNDARY_NOT_AMBIGUOUS', 'the action has no open doubt');
  }
  const { envelope, operator, value } = await readOperatorSignature(input, operators, {
    payloadType: RESOLUTION_PAYLOAD_TYPE,
    shape: resolutionSchema,
  });
  if (value.resolver_id !== operator.operatorId) {
    throw refuse('BOUNDARY_APPROVER_UNKNOWN', 'the key that signed belongs to another operator', '/resolver_id');
  }
  const actorId = stream.state.actorId;
  if (actorId !== null && answersFor(operator, actorId)) {
    throw refuse('BOUNDARY_APPROVAL_BY_REQUESTER', 'the requester cannot resolve its own action');
  }
  const bound = [
    ['intent_digest', value.intent_digest, outcome.intent_digest],
    ['grant_digest', value.grant_digest, outcome.grant_digest],
    ['outcome_digest', value.outcome_digest, digestValue(OUTCOME_DIGEST_DOMAIN, outcome)],
  ] as const;
  for (const [member, found, expected] of bound) {
    if (found !== expected) {
      throw refuse('BOUNDARY_RESOLUTION_MISMATCH', `resolution is for another ${member}`, `/${member}`);
    }
  }
  await stream.append(
    'ambiguity_resolved',
    {
      schema: 'exoarmur.ambiguity-resolved/1',
      intent_digest: outcome.intent_digest,
      finding: value.finding,
      resolution_digest: digestValue(RESOLUTION_DIGEST_DOMAIN, envelope),
      envelope,
    },
    { type: 'human', id: operator.operatorId },
  );
  return endOf(stream);
}
