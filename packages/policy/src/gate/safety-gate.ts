import type {
  ActionClass,
  ActionIntent,
  ApprovalRequirement,
  Facts,
  PdpResult,
  SafetyResult,
} from '@exoarmur/contracts';
import { isRefused, isRequirementMet, mergeRequirements } from '../approval-requirement.ts';
import { SAFETY_GATE_PROFILE as P, SAFETY_RULES, type SafetyRuleId } from './profile.ts';

type Effect = 'deny' | 'require_quorum' | 'require_human';
interface Finding {
  readonly rule: SafetyRuleId;
  readonly effect: Effect;
}

/**
 * The safety gate over recorded facts, as `spec/safety-gate.md` lays it down: every rule is looked at, the strictest
 * finding wins (deny, then quorum, then person), and all findings are named. A missing fact denies. Approvals meet a demand
 * for a quorum or a person, and never a denial. Kill switches of cell and tenant spare `A0_observe`, nothing else is
 * spared from a rule that applies to its class. SECURITY: the class in the intent is the requester's word, so a class below
 * the floor that the executor declares is denied, and observation is spared only where the floor itself is observation.
 */
export function evaluateSafetyGate(facts: Facts, intent: ActionIntent, pdp: PdpResult): SafetyResult {
  const findings = [
    ...findMissing(facts, intent),
    ...findSwitches(facts, intent),
    ...findUnderstatement(facts, intent),
    ...findExhaustion(facts),
    ...findRefusal(facts),
    ...findEscalations(facts, intent, pdp),
  ];
  const denials = findings.filter(({ effect }) => effect === 'deny');
  if (denials.length > 0) return conclude('deny', denials);
  const demand = demandOf(findings, intent);
  if (demand === null) return conclude('allow', [{ rule: 'SG-501' }]);
  const count = { approvals: facts.approvals, requester: intent.actor_id, time: facts.time };
  if (isRequirementMet(demand, count)) return conclude('allow', [...findings, { rule: 'SG-454' }]);
  return conclude(demand.kind === 'quorum' ? 'require_quorum' : 'require_human', findings);
}

function conclude(
  verdict: SafetyResult['verdict'],
  findings: readonly { readonly rule: SafetyRuleId }[],
): SafetyResult {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  return {
    verdict,
    rationale: rules
      .map((rule) => SAFETY_RULES[rule])
      .join('; ')
      .slice(0, 1024),
    rule_ids: rules,
  };
}

/** What would satisfy the gate, from the rules that fired and the class of the action; null when nothing is demanded. */
export function safetyRequirementOf(safety: SafetyResult, intent: ActionIntent): ApprovalRequirement | null {
  if (safety.verdict === 'require_quorum') return createDemand('require_quorum', intent);
  return safety.verdict === 'require_human' ? createDemand('require_human', intent) : null;
}

function demandOf(findings: readonly Finding[], intent: ActionIntent): ApprovalRequirement | null {
  return mergeRequirements(findings.map(({ effect }) => createDemand(effect, intent)));
}

function createDemand(effect: Effect, intent: ActionIntent): ApprovalRequirement {
  const quorum = intent.action_class === 'A3_irreversible' ? P.approversA3 : P.approversA2;
  return effect === 'require_quorum'
    ? { kind: 'quorum', quorum, roles: [], ttl_seconds: P.approvalTtlSeconds }
    : { kind: 'human', quorum: 1, roles: [], ttl_seconds: P.approvalTtlSeconds };
}

function isMilli(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1000;
}

function findMissing(facts: Facts, intent: ActionIntent): Finding[] {
  const { environment, collective, history, threat } = facts;
  const isWhole =
    typeof facts.policy_verified === 'boolean' &&
    history !== null &&
    threat !== null &&
    isMilli(facts.trust_milli) &&
    typeof environment.degraded === 'boolean' &&
    isMilli(environment.cell_load_milli) &&
    isMilli(environment.network_health_milli) &&
    isMilli(environment.resource_availability_milli) &&
    (collective === undefined ||
      (collective !== null && isMilli(collective.aggregate_milli) && Number.isInteger(collective.quorum_count))) &&
    (statedConfidence(intent) === undefined || isMilli(statedConfidence(intent)));
  return isWhole ? [] : [{ rule: 'SG-001', effect: 'deny' }];
}

const CLASSES: readonly ActionClass[] = ['A0_observe', 'A1_soft_containment', 'A2_hard_containment', 'A3_irreversible'];

function findUnderstatement({ action_class_floor: floor }: Facts, intent: ActionIntent): Finding[] {
  const isBelow =
    floor !== undefined && floor !== null && CLASSES.indexOf(intent.action_class) < CLASSES.indexOf(floor);
  return isBelow ? [{ rule: 'SG-105', effect: 'deny' }] : [];
}

/** The class whose rules apply: observing that no executor declares as such is judged as a soft containment. */
function judgedClass({ action_class_floor: floor }: Facts, { action_class }: ActionIntent): ActionClass {
  return action_class === 'A0_observe' && floor !== 'A0_observe' ? 'A1_soft_containment' : action_class;
}

function findSwitches(facts: Facts, intent: ActionIntent): Finding[] {
  const findings: Finding[] = [];
  const { switches } = facts;
  const isObserving = judgedClass(facts, intent) === 'A0_observe';
  if (switches.global !== 'clear' && !isObserving) findings.push({ rule: 'SG-101', effect: 'deny' });
  if (switches.tenant !== 'clear' && !isObserving) findings.push({ rule: 'SG-102', effect: 'deny' });
  if (switches.actor !== 'clear') findings.push({ rule: 'SG-103', effect: 'deny' });
  if (switches.action_class !== 'clear') findings.push({ rule: 'SG-104', effect: 'deny' });
  return findings;
}

/** Of the list and the figures the worse counts; a figure that could not be had is exhausted. */
function findExhaustion({ budgets }: Facts): Finding[] {
  if (budgets === undefined) return [];
  const hasRoom = budgets.readings.every(
    ({ used, amount, maximum }) => used !== null && amount !== null && amount <= maximum - used,
  );
  return hasRoom && budgets.exhausted.length === 0 ? [] : [{ rule: 'SG-121', effect: 'deny' }];
}

function findRefusal(facts: Facts): Finding[] {
  return isRefused(facts.approvals) ? [{ rule: 'SG-453', effect: 'deny' }] : [];
}

function findEscalations(facts: Facts, intent: ActionIntent, pdp: PdpResult): Finding[] {
  const findings: Finding[] = [];
  const kind = pdp.verdict === 'require_approval' ? pdp.approval_requirement?.kind : undefined;
  if (kind === 'quorum') findings.push({ rule: 'SG-451', effect: 'require_quorum' });
  if (kind === 'human') findings.push({ rule: 'SG-452', effect: 'require_human' });
  const actionClass = judgedClass(facts, intent);
  if (actionClass === 'A0_observe') return findings;
  if (!facts.policy_verified) findings.push({ rule: 'SG-201', effect: 'require_quorum' });
  const isIrreversible = actionClass === 'A3_irreversible';
  if (facts.collective?.conflict_detected === true) {
    if (isIrreversible) findings.push({ rule: 'SG-251', effect: 'require_human' });
    else if (facts.reversible !== true) findings.push({ rule: 'SG-252', effect: 'require_quorum' });
  }
  findings.push(...findThreshold(facts, intent));
  if (actionClass === 'A1_soft_containment') return findings;
  const trust = facts.trust_milli ?? 0;
  if (trust < P.trustFloor) findings.push({ rule: 'SG-301', effect: 'require_human' });
  else if (!isIrreversible && trust < P.trustA2) findings.push({ rule: 'SG-302', effect: 'require_quorum' });
  else if (isIrreversible && trust < P.trustA3) findings.push({ rule: 'SG-303', effect: 'require_human' });
  const { degraded, cell_load_milli, network_health_milli } = facts.environment;
  if (degraded !== false) findings.push({ rule: 'SG-351', effect: 'require_quorum' });
  if ((cell_load_milli ?? 1000) > P.cellLoad || (network_health_milli ?? 0) < P.networkHealth) {
    findings.push({ rule: 'SG-352', effect: 'require_quorum' });
  }
  return findings;
}

/** How sure an agent or a service says it is; a person who acts needs no such figure. */
function findThreshold(facts: Facts, intent: ActionIntent): Finding[] {
  if (intent.actor_type === 'human') return [];
  const stated = statedConfidence(intent);
  const confidence = isMilli(stated) ? stated : 0;
  const aggregate = facts.collective?.aggregate_milli ?? 0;
  const quorum = facts.collective?.quorum_count ?? 0;
  switch (judgedClass(facts, intent)) {
    case 'A0_observe':
      return [];
    case 'A1_soft_containment':
      return confidence >= P.confidenceA1 ? [] : [{ rule: 'SG-401', effect: 'require_human' }];
    case 'A2_hard_containment': {
      const isAgreed = quorum >= P.collectiveA2.quorum && aggregate >= P.collectiveA2.aggregate;
      return confidence >= P.confidenceA2 || isAgreed ? [] : [{ rule: 'SG-402', effect: 'require_quorum' }];
    }
    case 'A3_irreversible': {
      const isAgreed = quorum >= P.collectiveA3.quorum && aggregate >= P.collectiveA3.aggregate;
      return confidence >= P.confidenceA3 && isAgreed ? [] : [{ rule: 'SG-403', effect: 'require_human' }];
    }
  }
}

/** `safety_context.local_confidence_milli` of the intent as it stands there; undefined when the intent states none. */
function statedConfidence(intent: ActionIntent): unknown {
  const context: Readonly<Record<string, unknown>> = intent.safety_context;
  return Object.hasOwn(context, 'local_confidence_milli') ? context.local_confidence_milli : undefined;
}
