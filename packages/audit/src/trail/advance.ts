import { hasPassed, notePassed } from '@exoarmur/canonical';
import {
  type JsonObject,
  pointToProblem,
  type SealedRecord,
  type TrailKind,
  type TrailPayloads,
  trailPayloadSchemas,
} from '@exoarmur/contracts';
import { decideApproval, requestApproval, revokeApproval } from './approval-steps.ts';
import { closeStream } from './close-step.ts';
import { receiveIntent, resolveVerdict } from './decision-steps.ts';
import { authorizeExecution, completeExecution, validateTarget } from './execution-steps.ts';
import { resolveAmbiguity } from './resolution-step.ts';
import { useStandingGrant } from './standing-grant-step.ts';
import { allowedKinds, type TrailState } from './state.ts';
import { differs, type TrailViolation, violation } from './violation.ts';

/** One record with its payload, undefined when that was withheld or erased. Commitment and chain are the reader's. */
export interface TrailStep {
  readonly record: SealedRecord;
  readonly payload: JsonObject | undefined;
}

/** The answer to {@link advanceTrail}. */
export type TrailVerdict =
  | { readonly outcome: 'lawful'; readonly state: TrailState }
  | { readonly outcome: 'unlawful'; readonly violation: TrailViolation };

/** What one kind's rules make of a step: the changed members of the state, or the first broken rule. */
export type StepResult = Partial<TrailState> | { readonly violation: TrailViolation };

/** What the rules of one kind see. `payload` has passed its schema. */
export interface StepOf<Kind extends TrailKind> {
  readonly record: SealedRecord;
  readonly payload: TrailPayloads[Kind] | undefined;
}

type Rules = { readonly [Kind in TrailKind]: (state: TrailState, step: StepOf<Kind>) => StepResult };

const RULES: Rules = {
  intent_received: receiveIntent,
  verdict_resolved: resolveVerdict,
  approval_requested: requestApproval,
  approval_decided: decideApproval,
  approval_revoked: revokeApproval,
  standing_grant_used: useStandingGrant,
  target_validated: validateTarget,
  execution_authorized: authorizeExecution,
  execution_completed: completeExecution,
  stream_closed: closeStream,
  ambiguity_resolved: resolveAmbiguity,
};

/**
 * The one rule book of an action's life (spec/trail.md): whether `step` may follow, and the state after it. The pipeline
 * asks before it appends, a verifier folds it over a finished trail. Pure; never throws on evidence. A check that needs
 * a withheld payload is added to `unverifiable`, never taken as passed.
 */
export function advanceTrail(state: TrailState, step: TrailStep): TrailVerdict {
  const { record, payload } = step;
  const broken = checkHeader(state, record);
  if (broken !== undefined) return { outcome: 'unlawful', ...broken };
  const kind = record.kind as TrailKind;
  if (payload !== undefined && !hasPassed(payload, trailPayloadSchemas[kind])) {
    const parsed = trailPayloadSchemas[kind].safeParse(payload);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const expected = `${kind} payload: ${issue?.message ?? 'well formed'}`;
      return {
        outcome: 'unlawful',
        ...violation('payload_malformed', `/payload${pointToProblem(parsed.error)}`, expected, 'another shape'),
      };
    }
    notePassed(payload, trailPayloadSchemas[kind]);
  }
  // The payload has just passed the schema of its kind, and zod's copy is dropped on purpose: the original is digested.
  const rule = RULES[kind] as (state: TrailState, step: StepOf<TrailKind>) => StepResult;
  const result = rule(state, { record, payload: payload as TrailPayloads[TrailKind] | undefined });
  if ('violation' in result && result.violation !== undefined) {
    return { outcome: 'unlawful', violation: result.violation };
  }
  const { tenant, cell, correlation, stream } = record;
  const scope = state.scope ?? { tenant, cell, correlation, stream };
  return { outcome: 'lawful', state: { ...state, ...(result as Partial<TrailState>), scope, count: state.count + 1 } };
}

function checkHeader(state: TrailState, record: SealedRecord): { readonly violation: TrailViolation } | undefined {
  const scope = state.scope ?? record;
  const allowed = allowedKinds(state);
  return (
    differs('scope_mismatch', '/record/tenant', scope.tenant, record.tenant) ??
    differs('scope_mismatch', '/record/cell', scope.cell, record.cell) ??
    differs('scope_mismatch', '/record/stream', scope.stream, record.stream) ??
    differs('scope_mismatch', '/record/correlation', scope.correlation, record.correlation) ??
    differs('seq_not_dense', '/record/seq', state.count, record.seq) ??
    (allowed.includes(record.kind)
      ? undefined
      : violation(
          'kind_out_of_order',
          '/record/kind',
          allowed.join(', ') || 'nothing, the stream is closed',
          record.kind,
        ))
  );
}
