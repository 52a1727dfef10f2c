import { digestValue } from '@exoarmur/canonical';
import { RESOLUTION_DIGEST_DOMAIN, RESOLUTION_PAYLOAD_TYPE, resolutionSchema } from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { checkIntentDigest, needIntent } from './decision-steps.ts';
import { readSignedValue } from './signed-value.ts';
import type { TrailState } from './state.ts';
import { addUnverifiable } from './unverifiable.ts';
import { differs, violation } from './violation.ts';

/**
 * `ambiguity_resolved`: after the end of a stream whose outcome is ambiguous, once: what a person other than the requester
 * found out about that grant and that outcome. It changes neither.
 */
export function resolveAmbiguity(state: TrailState, { record, payload }: StepOf<'ambiguity_resolved'>): StepResult {
  const { seq } = record;
  const { outcome, grant } = state;
  if (payload === undefined) {
    return {
      resolution: { seq, finding: null },
      unverifiable: addUnverifiable(state, seq, [{ need: 'ambiguity_resolved', of: seq }]),
    };
  }
  const signed = readSignedValue(payload.envelope, {
    payloadType: RESOLUTION_PAYLOAD_TYPE,
    shape: resolutionSchema,
    code: 'resolution_malformed',
  });
  if ('violation' in signed) return signed;
  const resolution = signed.value;
  const pointer = '/payload/envelope/payload';
  const digest = digestValue(RESOLUTION_DIGEST_DOMAIN, payload.envelope);
  const [grantDigest, outcomeDigest] = [grant?.digest ?? null, outcome?.digest ?? null];
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    differs('intent_digest_mismatch', `${pointer}/intent_digest`, payload.intent_digest, resolution.intent_digest) ??
    differs('resolution_mismatch', '/payload/resolution_digest', digest, payload.resolution_digest) ??
    differs('resolution_mismatch', '/payload/finding', resolution.finding, payload.finding) ??
    (grantDigest === null
      ? undefined
      : differs('grant_digest_mismatch', `${pointer}/grant_digest`, grantDigest, resolution.grant_digest)) ??
    (outcomeDigest === null
      ? undefined
      : differs('outcome_digest_mismatch', `${pointer}/outcome_digest`, outcomeDigest, resolution.outcome_digest)) ??
    (state.actorId !== null && resolution.resolver_id === state.actorId
      ? violation('approval_by_requester', `${pointer}/resolver_id`, 'somebody else', resolution.resolver_id)
      : undefined);
  if (broken !== undefined) return broken;
  return {
    intentDigest: payload.intent_digest,
    resolution: { seq, finding: payload.finding },
    unverifiable: addUnverifiable(state, seq, [
      ...needIntent(state),
      ...(grant !== null && grantDigest === null ? [{ need: 'execution_authorized' as const, of: grant.seq }] : []),
      ...(outcome !== null && outcomeDigest === null
        ? [{ need: 'execution_completed' as const, of: outcome.seq }]
        : []),
    ]),
  };
}
