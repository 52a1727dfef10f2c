import { digestValue, formatTime, parseTime } from '@exoarmur/canonical';
import { type ApprovalFact, type ApprovalRequest, DECISION_DIGEST_DOMAIN, type Decision } from '@exoarmur/contracts';
import { approvalRequirementOf } from '@exoarmur/policy';
import { type ActionEnd, attributeDenial } from './action-result.ts';
import { type ActionRun, closeAction, endOf } from './action-run.ts';
import type { BoundaryContext, BoundaryLimits, Governance } from './boundary-context.ts';
import { gatherBudgets } from './budgets.ts';
import { settleWithin } from './deadline.ts';
import { takeDecision } from './decision-step.ts';
import { codeOf } from './errors.ts';
import { authorizeAndExecute } from './execution-step.ts';
import { gatherFacts } from './facts.ts';
import type { IntentSnapshot } from './intent-snapshot.ts';
import { createPresentation, isAsPresented } from './presentation.ts';
import { restsOnStandingAnswers } from './standing-answers.ts';
import { takeStandingGrant } from './standing-grant.ts';

/** Steps 1 to 8 for an intent that nobody has seen before. */
export async function runAction(run: ActionRun): Promise<ActionEnd> {
  const { stream, snapshot } = run;
  const { intent } = snapshot;
  stream.stage('intent_received', intent, { type: intent.actor_type, id: intent.actor_id });
  return decideAndAct(run, []);
}

/** Steps 2 to 8: also the way on for an action that people have agreed to, with their answers as facts. */
export async function decideAndAct(run: ActionRun, approvals: readonly ApprovalFact[]): Promise<ActionEnd> {
  try {
    return await advance(run, approvals);
  } catch (error) {
    const code = LACKING.find((known) => known === codeOf(error));
    if (code === undefined) throw error;
    // Nothing is authorised yet. What cannot be closed either is as it was, and the error says why.
    return closeAction(run.stream, 'cancelled', code).catch(() => Promise.reject(error));
  }
}

/** Without time or randomness no action goes on. */
const LACKING = ['BOUNDARY_CLOCK_UNAVAILABLE', 'BOUNDARY_RANDOM_UNAVAILABLE'] as const;

async function advance(run: ActionRun, approvals: readonly ApprovalFact[]): Promise<ActionEnd> {
  const { context, snapshot, stream, cancel } = run;
  if (cancel?.aborted) return closeAction(stream, 'cancelled', 'BOUNDARY_CANCELLED');
  const decision = await decide(context, snapshot, approvals, 'take');
  if (decision === undefined) return closeAction(stream, 'cancelled', 'BOUNDARY_DECISION_UNAVAILABLE');
  // An approval is for one decision under one policy set; under another one people would have to be asked anew.
  const request = stream.latest('approval_requested');
  if (request !== undefined && request.policy_digest !== decision.policy_digest) {
    return closeAction(stream, 'cancelled', 'BOUNDARY_POLICY_CHANGED');
  }
  const expiries = approvals.map(({ expires_at }) => expires_at);
  if (decision.verdict === 'allow' && request !== undefined) expiries.push(request.expires_at);
  stream.stage('verdict_resolved', decision, undefined, expiries);
  // What rests on approvals is recorded before anything else takes time, in which one of them could expire.
  if (approvals.length > 0) await stream.flush();
  switch (decision.verdict) {
    case 'deny':
      return closeAction(stream, 'denied', attributeDenial(decision));
    case 'require_approval':
    case 'require_quorum':
    case 'require_human':
      return requestApproval(run, decision);
    case 'allow':
      return validateAndExecute(run, decision);
  }
}

/**
 * Steps 2 and 3: facts, then the decision on them; undefined when there is none to be had. They leave no trace but what the
 * action takes from the budgets.
 */
export async function decide(
  context: BoundaryContext,
  snapshot: IntentSnapshot,
  approvals: readonly ApprovalFact[],
  purpose: 'take' | 'read',
): Promise<Decision | undefined> {
  const { clock, limits, budgets: kept } = context;
  // INVARIANT: taken once, so that policies which change meanwhile change nothing between the facts and the record.
  const governance = context.govern === undefined ? context : await takeGovernance(context.govern, limits);
  if (governance === undefined) return undefined;
  const { decisionPoint, facts: source } = governance;
  const nowMs = clock.now();
  const time = formatTime(nowMs);
  const { intent } = snapshot;
  const classFloor = context.selectHost(intent.action_type).findClassFloor(intent.action_type);
  const { factTimeoutMs: timeoutMs } = limits;
  const budgets = gatherBudgets({ budgets: kept, snapshot, nowMs, timeoutMs, purpose });
  const facts = await gatherFacts({ source, intent, time, approvals, classFloor, timeoutMs, budgets });
  return takeDecision({ decisionPoint, snapshot, facts, timeoutMs: limits.decisionTimeoutMs });
}

async function takeGovernance(
  govern: NonNullable<BoundaryContext['govern']>,
  { decisionTimeoutMs }: BoundaryLimits,
): Promise<Governance | undefined> {
  try {
    const answer = govern();
    // What is known at once is waited for by no timer, which would cost each decision more than the answer.
    if (!(answer instanceof Promise)) return readGovernance(answer);
    const settled = await settleWithin(decisionTimeoutMs, async () => readGovernance(await answer));
    return settled.outcome === 'returned' ? settled.value : undefined;
  } catch {
    // A source of policies may fail in any way, and then there is no decision.
    return undefined;
  }
}

/** What a source of policies answered, read once. Throws for an answer without members. */
function readGovernance({ decisionPoint, facts }: Governance): Governance {
  return { decisionPoint, facts };
}

/** Step 4: asks for what policies and safety gate demand together. */
async function requestApproval(run: ActionRun, decision: Decision): Promise<ActionEnd> {
  const { context, snapshot, stream } = run;
  const { clock, limits } = context;
  const { intent } = snapshot;
  const requirement = approvalRequirementOf(decision, intent) ?? {
    ...{ kind: 'human' as const, quorum: 1, roles: [] },
    ttl_seconds: limits.approvalTtlSeconds,
  };
  const host = context.selectHost(intent.action_type);
  const presentation = await createPresentation({ host, intent, decision, timeoutMs: limits.previewTimeoutMs });
  const request: ApprovalRequest = {
    schema: 'exoarmur.approval-request/1',
    intent_digest: decision.intent_digest,
    decision_digest: digestValue(DECISION_DIGEST_DOMAIN, decision),
    policy_digest: decision.policy_digest,
    requirement,
    expires_at: formatTime(clock.now() + requirement.ttl_seconds * 1000),
    presentation,
  };
  await stream.append('approval_requested', request, undefined, [request.expires_at]);
  if (decision.facts.approvals.length > 0 || !asksForOnePerson(decision)) return endOf(stream);
  const standing = await takeStandingGrant(context, intent, request);
  if (standing === undefined) return endOf(stream);
  const { fact, envelope, use } = standing;
  await stream.append(
    'standing_grant_used',
    {
      schema: 'exoarmur.standing-grant-used/1',
      intent_digest: request.intent_digest,
      standing_grant_digest: fact.approval_digest,
      use,
      envelope,
    },
    { type: 'human', id: fact.approver_id },
    [fact.expires_at, request.expires_at],
  );
  return decideAndAct(run, [fact]);
}

/** Rules of the safety gate that only say what the policies ask for; any other one is a demand of its own. */
const ECHOED_RULES: ReadonlySet<string> = new Set(['SG-451', 'SG-452']);

/** Whether it is the policies alone that ask: then somebody may have agreed in advance. The safety gate asks living people. */
function asksForOnePerson({ verdict, safety }: Decision): boolean {
  return verdict === 'require_approval' && safety.rule_ids.every((rule) => ECHOED_RULES.has(rule));
}

/** Steps 5 to 8: the executor's own rules first, before any authority exists. */
async function validateAndExecute(run: ActionRun, decision: Decision): Promise<ActionEnd> {
  const { context, snapshot, stream, cancel } = run;
  const host = context.selectHost(snapshot.intent.action_type);
  const { result, reason, evidence } = await host.checkTarget(snapshot.intent);
  stream.stage('target_validated', {
    schema: 'exoarmur.target-validation/1',
    intent_digest: snapshot.digest,
    executor: host.identity,
    result,
    reason,
    evidence: {
      isolation: host.isolation,
      ...(host.hosting === undefined ? {} : { hosting: host.hosting }),
      executor: evidence,
    },
  });
  if (result !== 'valid') return closeAction(stream, 'target_refused', 'BOUNDARY_TARGET_REFUSED');
  if (cancel?.aborted) return closeAction(stream, 'cancelled', 'BOUNDARY_CANCELLED');
  const now = context.clock.now();
  if (decision.facts.approvals.some(({ expires_at }) => parseTime(expires_at) <= now)) {
    return closeAction(stream, 'cancelled', 'BOUNDARY_APPROVAL_EXPIRED');
  }
  const { intent } = snapshot;
  if (!(await restsOnStandingAnswers(context, stream, intent, decision.facts.approvals))) {
    return closeAction(stream, 'cancelled', 'BOUNDARY_APPROVAL_REVOKED');
  }
  const request = decision.facts.approvals.length > 0 ? stream.latest('approval_requested') : undefined;
  const { previewTimeoutMs: timeoutMs } = context.limits;
  if (request !== undefined && !(await isAsPresented(request, { host, intent, timeoutMs }))) {
    return closeAction(stream, 'cancelled', 'BOUNDARY_PRESENTATION_CHANGED');
  }
  return authorizeAndExecute(run, decision);
}
