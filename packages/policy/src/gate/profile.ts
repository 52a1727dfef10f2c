/**
 * Thresholds of the safety gate, in thousandths, as in `spec/safety-gate.md`. They are part of the rules that the rule ids
 * name: another number is another rule.
 */
export const SAFETY_GATE_PROFILE = Object.freeze({
  /** Below it, A2 and A3 need a person. */
  trustFloor: 350,
  /** Below it, A2 needs a quorum. */
  trustA2: 500,
  /** Below it, A3 needs a person. */
  trustA3: 800,
  confidenceA1: 800,
  confidenceA2: 900,
  collectiveA2: Object.freeze({ quorum: 2, aggregate: 850 }),
  confidenceA3: 970,
  collectiveA3: Object.freeze({ quorum: 3, aggregate: 920 }),
  /** Load above it, or network health below `networkHealth`, makes A2 and A3 need a quorum. */
  cellLoad: 900,
  networkHealth: 700,
  /** Distinct approvers that stand in for a quorum, by class. */
  approversA2: 2,
  approversA3: 3,
  approvalTtlSeconds: 3600,
});

/** Every rule of the gate with what it says; the ids are stable and never reused. */
export const SAFETY_RULES = Object.freeze({
  'SG-001': 'a fact that the gate needs is missing or out of its range',
  'SG-101': 'the global kill switch is engaged or unknown',
  'SG-102': 'the kill switch of the tenant is engaged or unknown',
  'SG-103': 'the actor is frozen, or it is unknown whether it is',
  'SG-104': 'the action class is frozen, or it is unknown whether it is',
  'SG-105': 'the intent states a lesser class than the executor declares for its action',
  'SG-121': 'a budget is exhausted, or it is unknown whether it is',
  'SG-201': 'the policy set did not come through a verified channel',
  'SG-251': 'cells contradict each other about an irreversible action',
  'SG-252': 'cells contradict each other about an action that cannot be taken back',
  'SG-301': 'trust is below the floor of any containment',
  'SG-302': 'trust is below the floor of a hard containment',
  'SG-303': 'trust is below the floor of an irreversible action',
  'SG-351': 'the cell is degraded',
  'SG-352': 'the cell is overloaded or its network is failing',
  'SG-401': 'confidence is below the threshold of a soft containment',
  'SG-402': 'confidence is below the threshold of a hard containment',
  'SG-403': 'confidence is below the threshold of an irreversible action',
  'SG-451': 'the policies demand a quorum',
  'SG-452': 'the policies demand a person',
  'SG-453': 'somebody who was asked said no',
  'SG-454': 'approvals meet what the gate demands',
  'SG-501': 'nothing stands against the action',
} as const);

/** Id of a rule of the safety gate. */
export type SafetyRuleId = keyof typeof SAFETY_RULES;
