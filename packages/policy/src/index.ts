export { type ApprovalCount, isRefused, isRequirementMet, mergeRequirements } from './approval-requirement.ts';
export {
  type BundleRefusal,
  type BundleVerdict,
  type BundleVerification,
  type SignerSet,
  verifyPolicyBundle,
} from './bundles/bundle-verification.ts';
export { BOUNDS_POLICY_PREFIX, formatGoverningSet, switchesOf } from './bundles/policy-bounds.ts';
export { createPolicyBundle, MAX_POLICY_BUNDLE_BYTES, signPolicyBundle } from './bundles/policy-bundle.ts';
export {
  type ActivationVerdict,
  type ActiveBundle,
  createPolicyBundleHolder,
  type PolicyBundleHolder,
  type PolicyBundleHolderOptions,
  type PolicyStanding,
} from './bundles/policy-bundle-holder.ts';
export { type CaseExpectation, POLICY_CASE_LIMITS, type PolicyCase, parsePolicyCases } from './cases/case-file.ts';
export { type PolicyCaseReport, type PolicyCaseResult, runPolicyCases } from './cases/run-cases.ts';
export { type CompileAnswer, compilePolicySet, type PolicyProblem } from './cedar/compile.ts';
export { CEDAR_ENGINE, DECISION_PROFILE } from './cedar/identity.ts';
export { createCedarEvaluator } from './cedar-evaluator.ts';
export { checkPolicySet, type FindingKind, type PolicyCheck, type PolicyFinding } from './check/check-policy-set.ts';
export { approvalRequirementOf } from './decision.ts';
export { createDecisionPoint } from './decision-point.ts';
export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { type Explanation, explainDecision, formatExplanation } from './explain/explain-decision.ts';
export type { HeldPolicies } from './explain/policy-probe.ts';
export { SAFETY_GATE_PROFILE, SAFETY_RULES, type SafetyRuleId } from './gate/profile.ts';
export { evaluateSafetyGate } from './gate/safety-gate.ts';
export {
  diffPolicySets,
  formatPolicySet,
  type PolicyDifference,
  type PolicyMeaning,
  type PolicySetDifference,
} from './policy-difference.ts';
export { assertPolicySet, digestPolicySet, POLICY_SET_LIMITS, parsePolicySet } from './policy-set.ts';
export { parsePolicySource, SIMPLE_RULES_LIMITS } from './policy-source.ts';
export { type CedarRequest, createCedarRequest, type RequestAnswer } from './request/cedar-request.ts';
export { formatIntentSchema } from './request/intent-schema.ts';
export { parseTarget, TARGET_LIMITS, type Target, type TargetAnswer, type TargetRefusal } from './request/target.ts';
export { compileSimpleRules } from './simple-rules.ts';
export {
  createSwitchBoard,
  mergeSwitches,
  type SwitchBoard,
  type SwitchScope,
  type SwitchStates,
  UNKNOWN_SWITCHES,
} from './switches/switch-board.ts';
export { parseSwitchCommand, SWITCH_ROLES, signSwitchCommand } from './switches/switch-command.ts';
export {
  MAX_SWITCH_SIGNATURES,
  type SwitchRefusal,
  type SwitchThreshold,
  type SwitchVerdict,
  type SwitchVerification,
  verifySwitchCommand,
} from './switches/switch-verification.ts';
export { classifyThreat, THREAT_BANDS } from './threat/threat-classification.ts';
export { computeReputation, firstDayOf, REPUTATION_PROFILE } from './trust/reputation.ts';
export { type Resolution, type ResolutionRule, resolveVerdict } from './verdict-resolution.ts';
