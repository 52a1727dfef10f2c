import { digestValue, type JsonObject } from '@exoarmur/canonical';
import {
  actionIntentSchema,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  factsSchema,
  type HypotheticalStep,
  type HypotheticalTrail,
  type Intervention,
  InvariantError,
  POLICY_SET_DIGEST_DOMAIN,
  type PolicyEvaluator,
  type PolicySet,
  pointToProblem,
  type Verdict,
} from '@exoarmur/contracts';
import { listDifferences } from '../json-difference.ts';
import { oneLine } from '../one-line.ts';
import { type BundleRecord, lastPayloadOf, type ParsedBundle } from '../parsed-bundle.ts';
import { compareDecisions } from '../policy-change/verdict-shift.ts';
import { decideAgain } from '../reexecute-decision.ts';
import { applyInterventions, type DecisionInputs } from './apply-interventions.ts';
import type { CounterfactualRefusalCode } from './counterfactual-refusal.ts';

/** Where an action stands after its last decision. */
type End = HypotheticalTrail['recorded_end'];

/** The decisions of an action as they would have been, or why that cannot be said. */
export type StepsResult =
  | {
      readonly outcome: 'imagined';
      readonly steps: readonly HypotheticalStep[];
      readonly applied: HypotheticalTrail['interventions'];
      readonly assumptions: HypotheticalTrail['assumptions'];
      readonly recordedEnd: End;
      readonly hypotheticalEnd: End;
    }
  | Refusal;

interface Refusal {
  readonly outcome: 'refused';
  readonly code: CounterfactualRefusalCode;
  readonly pointer: string;
  readonly expected: string | null;
  readonly found: string | null;
}

const MAX_DIFFERENCES = 64;
const MAX_SHOWN = 160;

/**
 * Takes every decision of a verified bundle again under the interventions. A stated recorded value is compared at the first
 * decision. Approvals are kept while the intent is the same, and dropped when it is another: nobody agreed to that one.
 */
export async function imagineSteps(
  parsed: ParsedBundle,
  interventions: readonly Intervention[],
  evaluator: PolicyEvaluator,
): Promise<StepsResult> {
  const intent = lastPayloadOf(parsed, 'intent_received')?.value;
  const decided = parsed.records.filter(({ record }) => record.kind === 'verdict_resolved');
  const isOtherIntent = interventions.some(({ on }) => on === 'intent');
  const steps: HypotheticalStep[] = [];
  let applied: HypotheticalTrail['interventions'] = [];
  let end: End | undefined;
  let hadApprovals = false;
  for (const [index, entry] of decided.entries()) {
    const recorded = decisionOf(entry);
    if (end !== undefined && end !== 'waiting') {
      steps.push(unreached(entry, recorded));
      continue;
    }
    hadApprovals ||= recorded.facts.approvals.length > 0;
    const inputs = inputsOf(parsed, recorded, intent);
    const changed = applyInterventions(inputs, interventions, index === 0);
    if (changed.outcome === 'refused') return changed;
    if (index === 0) applied = changed.applied;
    const asked = isOtherIntent ? withoutApprovals(changed.inputs) : changed.inputs;
    const decision = await decide(asked, evaluator);
    if (typeof decision === 'string') return refuse(decision);
    if ('refusal' in decision) return refuse(decision.refusal, decision.pointer);
    steps.push(stepOf(entry, recorded, decision.decision));
    end = endOf(decision.decision.verdict);
  }
  const last = decided.at(-1);
  if (last === undefined || end === undefined) throw new InvariantError('a verified bundle holds a decision');
  const assumptions: HypotheticalTrail['assumptions'] = [];
  if (hadApprovals) assumptions.push(isOtherIntent ? 'approvals_dropped' : 'approvals_kept');
  if (decided.length > 1) assumptions.push('later_facts_kept');
  return {
    outcome: 'imagined',
    steps,
    applied,
    assumptions,
    recordedEnd: endOf(decisionOf(last).verdict),
    hypotheticalEnd: end,
  };
}

type Asked =
  | { readonly decision: Decision }
  | { readonly refusal: 'changed_facts_malformed' | 'changed_intent_malformed'; readonly pointer: string };

async function decide(inputs: DecisionInputs, evaluator: PolicyEvaluator): Promise<Asked | 'evaluator_failed'> {
  const intent = actionIntentSchema.safeParse(inputs.intent);
  if (!intent.success) return { refusal: 'changed_intent_malformed', pointer: pointToProblem(intent.error) };
  const facts = factsSchema.safeParse(inputs.facts);
  if (!facts.success) return { refusal: 'changed_facts_malformed', pointer: pointToProblem(facts.error) };
  // The originals go on, not zod's copies.
  const decision = await decideAgain(evaluator, {
    intent: inputs.intent as unknown as typeof intent.data,
    facts: inputs.facts as unknown as typeof facts.data,
    policySet: inputs.policySet,
    policyDigest: digestValue(POLICY_SET_DIGEST_DOMAIN, inputs.policySet),
  });
  return decision === undefined ? 'evaluator_failed' : { decision };
}

function stepOf({ record }: BundleRecord, recorded: Decision, decision: Decision): HypotheticalStep {
  return {
    record: record.seq,
    recorded_digest: digestValue(DECISION_DIGEST_DOMAIN, recorded),
    recorded_verdict: recorded.verdict,
    shift: compareDecisions(recorded, decision).shift,
    decision: { ...decision, schema: 'exoarmur.hypothetical-decision/1' },
    differences: listDifferences(recorded, decision, MAX_DIFFERENCES).map(({ pointer, expected, found }) => ({
      pointer,
      recorded: show(expected),
      hypothetical: show(found),
    })),
  };
}

/** A decision that the changed action would have ended before. */
function unreached({ record }: BundleRecord, recorded: Decision): HypotheticalStep {
  return {
    record: record.seq,
    recorded_digest: digestValue(DECISION_DIGEST_DOMAIN, recorded),
    recorded_verdict: recorded.verdict,
    shift: 'not_decidable',
    decision: null,
    differences: [],
  };
}

function inputsOf({ bundle }: ParsedBundle, recorded: Decision, intent: JsonObject | undefined): DecisionInputs {
  const policySet: PolicySet | undefined = bundle.policies[recorded.policy_digest];
  // Lifecycle and decision have passed, so nothing of this is withheld.
  if (intent === undefined || policySet === undefined) throw new InvariantError('a verified decision lost its inputs');
  return { intent, facts: recorded.facts as unknown as JsonObject, policySet };
}

function withoutApprovals(inputs: DecisionInputs): DecisionInputs {
  return { ...inputs, facts: { ...inputs.facts, approvals: [] } };
}

function decisionOf({ payload }: BundleRecord): Decision {
  if (payload === undefined) throw new InvariantError('a verified decision lost its payload');
  return payload.value as unknown as Decision;
}

function endOf(verdict: Verdict): End {
  return verdict === 'allow' ? 'permitted' : verdict === 'deny' ? 'denied' : 'waiting';
}

function refuse(code: CounterfactualRefusalCode, pointer = ''): Refusal {
  return { outcome: 'refused', code, pointer, expected: null, found: null };
}

function show(text: string | null): string | null {
  return text === null ? null : oneLine(text, MAX_SHOWN);
}
