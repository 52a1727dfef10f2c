import { digestValue } from '@exoarmur/canonical';
import { DECISION_DIGEST_DOMAIN, type Decision, INTENT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import type { StepOf, StepResult } from './advance.ts';
import { isDenied, type TrailState } from './state.ts';
import { addUnverifiable } from './unverifiable.ts';
import { differs, type TrailViolation, violation } from './violation.ts';

type Broken = { readonly violation: TrailViolation } | undefined;

/** `intent_received`: the header says the same as the intent it carries. */
export function receiveIntent(state: TrailState, { record, payload }: StepOf<'intent_received'>): StepResult {
  if (payload === undefined) {
    return {
      phase: 'received',
      unverifiable: addUnverifiable(state, record.seq, [{ need: 'intent_received', of: record.seq }]),
    };
  }
  const broken =
    differs('intent_header_mismatch', '/record/stream', payload.intent_id, record.stream) ??
    differs('intent_header_mismatch', '/record/correlation', payload.correlation_id, record.correlation) ??
    differs('intent_header_mismatch', '/record/trace', payload.trace_id, record.trace) ??
    differs('intent_header_mismatch', '/record/tenant', payload.tenant_id, record.tenant) ??
    differs('intent_header_mismatch', '/record/cell', payload.cell_id, record.cell) ??
    differs('intent_header_mismatch', '/record/actor/id', payload.actor_id, record.actor.id) ??
    differs('intent_header_mismatch', '/record/actor/type', payload.actor_type, record.actor.type);
  if (broken !== undefined) return broken;
  return {
    phase: 'received',
    intentDisclosed: true,
    intent: payload,
    intentDigest: digestValue(INTENT_DIGEST_DOMAIN, payload),
    actorId: payload.actor_id,
  };
}

/** `verdict_resolved`: about this intent, resting on approvals of the latest request only, and no way round a denial. */
export function resolveVerdict(state: TrailState, { record, payload }: StepOf<'verdict_resolved'>): StepResult {
  const { seq } = record;
  if (payload === undefined) {
    return {
      phase: 'decided',
      decision: {
        seq,
        disclosed: false,
        digest: null,
        policyDigest: null,
        verdict: null,
        approvals: null,
        quorum: null,
        determining: null,
      },
      unverifiable: addUnverifiable(state, seq, [{ need: 'verdict_resolved', of: seq }]),
    };
  }
  const broken =
    checkIntentDigest(state, payload.intent_digest) ??
    checkFounded(payload) ??
    checkFacts(state, payload, record.time) ??
    (isDenied(state) && payload.verdict !== 'deny'
      ? violation('denial_not_final', '/payload/verdict', 'deny', payload.verdict)
      : undefined) ??
    checkAgreement(state, payload, record.time);
  if (broken !== undefined) return broken;
  const approvals = payload.facts.approvals.filter(({ verdict }) => verdict === 'approve');
  return {
    phase: 'decided',
    intentDigest: payload.intent_digest,
    decision: {
      seq,
      disclosed: true,
      digest: digestValue(DECISION_DIGEST_DOMAIN, payload),
      policyDigest: payload.policy_digest,
      verdict: payload.verdict,
      approvals: approvals.map(({ approval_digest }) => approval_digest).sort(),
      quorum: payload.pdp.approval_requirement?.quorum ?? null,
      determining: payload.pdp.determining_policies,
    },
    unverifiable: addUnverifiable(state, seq, [...needIntent(state), ...needApprovals(state, payload)]),
  };
}

/** The stated intent digest against the one known; a withheld intent is known by its first statement. */
export function checkIntentDigest(state: TrailState, stated: string): Broken {
  if (state.intentDigest === null) return undefined;
  return differs('intent_digest_mismatch', '/payload/intent_digest', state.intentDigest, stated);
}

/** The need to be listed when the intent was withheld. */
export function needIntent(state: TrailState): { readonly need: 'intent_received'; readonly of: 0 }[] {
  return state.intentDisclosed ? [] : [{ need: 'intent_received', of: 0 }];
}

/**
 * An allow against what the same record says of its policies or its safety gate is refused without any engine.
 * Whether those were right is for re-execution to say.
 */
function checkFounded({ verdict, pdp, safety }: Decision): Broken {
  if (verdict !== 'allow') return undefined;
  return (
    differs('verdict_unfounded', '/payload/pdp/verdict', 'allow', pdp.verdict) ??
    differs('verdict_unfounded', '/payload/safety/verdict', 'allow', safety.verdict) ??
    (pdp.errored_policies.length === 0
      ? undefined
      : violation('verdict_unfounded', '/payload/pdp/errored_policies', 'none', pdp.errored_policies.join(', ')))
  );
}

function checkFacts(state: TrailState, decision: Decision, recordedAt: string): Broken {
  // SECURITY: what counts is when the decision was recorded; the time it states of itself could lie before every expiry.
  const now = decision.facts.time > recordedAt ? decision.facts.time : recordedAt;
  const seen = new Set<string>();
  for (const [index, fact] of decision.facts.approvals.entries()) {
    const pointer = `/payload/facts/approvals/${index}`;
    if (seen.has(fact.approval_digest)) {
      return violation('approval_duplicate', `${pointer}/approval_digest`, 'each approval once', fact.approval_digest);
    }
    seen.add(fact.approval_digest);
    const answer = state.approvals.find((entry) => entry.answer?.digest === fact.approval_digest)?.answer;
    if (answer === undefined || answer === null) {
      // It may be the one whose payload is withheld; then the need is listed instead.
      if (state.approvals.some((entry) => entry.answer === null)) continue;
      return violation('approval_unknown', `${pointer}/approval_digest`, 'a recorded answer', fact.approval_digest);
    }
    const broken =
      (answer.isRevoked
        ? violation('approval_revoked', `${pointer}/approval_digest`, 'an answer that holds', fact.approval_digest)
        : undefined) ??
      differs('approval_fact_mismatch', `${pointer}/verdict`, answer.verdict, fact.verdict) ??
      differs('approval_fact_mismatch', `${pointer}/approver_id`, answer.approverId, fact.approver_id) ??
      differs('approval_fact_mismatch', `${pointer}/expires_at`, answer.expiresAt, fact.expires_at) ??
      (answer.keyIds.includes(fact.key_id)
        ? undefined
        : violation('approval_fact_mismatch', `${pointer}/key_id`, answer.keyIds.join(', '), fact.key_id)) ??
      (fact.expires_at > now
        ? undefined
        : violation('approval_expired', `${pointer}/expires_at`, `after ${now}`, fact.expires_at));
    if (broken !== undefined) return broken;
  }
  return undefined;
}

/**
 * Once people were asked, only as many of them as were asked for let the action go on, before the request expired and under
 * the policies that asked. One person with two keys is one, and so are two names with one key.
 */
function checkAgreement(state: TrailState, decision: Decision, recordedAt: string): Broken {
  const { request } = state;
  if (request === null || decision.verdict !== 'allow') return undefined;
  const { quorum, expiresAt } = request;
  const policyDigest = state.decision?.policyDigest ?? null;
  const given = decision.facts.approvals.filter(({ verdict }) => verdict === 'approve');
  const distinct = Math.min(
    new Set(given.map(({ key_id }) => key_id)).size,
    new Set(given.map(({ approver_id }) => approver_id)).size,
  );
  return (
    (quorum === null || distinct >= quorum
      ? undefined
      : violation('approval_quorum_unmet', '/payload/facts/approvals', `${quorum} people with a key each`, distinct)) ??
    (expiresAt === null || expiresAt > recordedAt
      ? undefined
      : violation('request_expired', '/record/time', `before ${expiresAt}`, recordedAt)) ??
    (policyDigest === null
      ? undefined
      : differs('policy_digest_mismatch', '/payload/policy_digest', policyDigest, decision.policy_digest))
  );
}

function needApprovals(state: TrailState, decision: Decision) {
  const needs: { need: 'approval_decided' | 'approval_requested'; of: number }[] = [];
  if (decision.verdict === 'allow' && state.request !== null && !state.request.disclosed) {
    needs.push({ need: 'approval_requested', of: state.request.seq });
  }
  // A withheld answer may be the denial that forbids any verdict but deny, and it may be a fact of this decision.
  if (decision.verdict === 'deny' && decision.facts.approvals.length === 0) return needs;
  for (const { seq, answer } of state.approvals) if (answer === null) needs.push({ need: 'approval_decided', of: seq });
  return needs;
}
