export type { Approval, ApprovalDecided, ApprovalRequest } from './approval.ts';
export {
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  approvalDecidedSchema,
  approvalRequestSchema,
  approvalSchema,
} from './approval.ts';
export type { DisclosedPayload, GovernedAction, ProofBundle, RecordProof, Statement } from './bundle.ts';
export {
  ARTIFACTS_DIGEST_DOMAIN,
  BUNDLE_DIGEST_DOMAIN,
  BUNDLE_MEDIA_TYPE,
  disclosedPayloadSchema,
  GOVERNED_ACTION_PREDICATE_TYPE,
  governedActionSchema,
  MAX_BUNDLE_BYTES,
  proofBundleSchema,
  recordProofSchema,
  STATEMENT_PAYLOAD_TYPE,
  statementSchema,
} from './bundle.ts';
export type {
  ApprovalFact,
  ApprovalRequirement,
  Decision,
  Facts,
  PdpResult,
  PdpVerdict,
  SafetyResult,
  SafetyVerdict,
  SwitchState,
  Verdict,
} from './decision.ts';
export {
  approvalFactSchema,
  approvalRequirementSchema,
  DECISION_DIGEST_DOMAIN,
  decisionSchema,
  factsSchema,
  pdpResultSchema,
  pdpVerdictSchema,
  safetyResultSchema,
  safetyVerdictSchema,
  switchStateSchema,
  verdictSchema,
} from './decision.ts';
export type { DsseEnvelope } from './envelope.ts';
export { dsseEnvelopeSchema } from './envelope.ts';
export type { ErrorDetails } from './errors.ts';
export { ExoArmurError, InvariantError, isExoArmurError, quoteForMessage } from './errors.ts';
export type { ExecutorIdentity, Grant } from './grant.ts';
export { executorIdentitySchema, GRANT_DIGEST_DOMAIN, grantSchema } from './grant.ts';
export type { ActionClass, ActionIntent } from './intent.ts';
export { actionClassSchema, actionIntentSchema, INTENT_DIGEST_DOMAIN, MAX_INTENT_BYTES } from './intent.ts';
export type { Outcome, OutcomeStatus, TargetValidation, TargetVerdict } from './outcome.ts';
export {
  OUTCOME_DIGEST_DOMAIN,
  outcomeSchema,
  outcomeStatusSchema,
  RESULT_DIGEST_DOMAIN,
  targetValidationSchema,
  targetVerdictSchema,
} from './outcome.ts';
export type { CloseReason, StreamClosed, TrailKind, TrailPayloads } from './payloads.ts';
export { closeReasonSchema, streamClosedSchema, trailPayloadSchemas } from './payloads.ts';
export type { EngineIdentity, PolicySet } from './policy-set.ts';
export { engineIdentitySchema, POLICY_SET_DIGEST_DOMAIN, policySetSchema } from './policy-set.ts';
export type {
  AppendReceipt,
  AuditSink,
  RecordDraft,
  StoredPayload,
  StreamEvidence,
  StreamEvidenceSource,
} from './ports/audit.ts';
export type { DecisionRequest, PolicyDecisionPoint, PolicyEvaluator, SwitchStore } from './ports/decision.ts';
export type { Executor, ExecutorManifest, ExecutorReport, TargetCheck } from './ports/executor.ts';
export type { Clock, RandomSource, Signer } from './ports/platform.ts';
export type { Digest, JsonObject } from './primitives.ts';
export {
  actionTypeSchema,
  base64Schema,
  digestSchema,
  identifierSchema,
  jsonObjectSchema,
  lineSchema,
  milliSchema,
  scopeNameSchema,
  timeSchema,
} from './primitives.ts';
export type { RecordKind, SealedRecord } from './record.ts';
export { MAX_PAYLOAD_BYTES, MAX_RECORD_BYTES, PAYLOAD_DOMAIN, recordKindSchema, sealedRecordSchema } from './record.ts';
export type { Assurance, CheckName, CheckResult, CheckStatus, Divergence, VerificationReport } from './report.ts';
export {
  assuranceSchema,
  checkNameSchema,
  checkResultSchema,
  checkStatusSchema,
  divergenceSchema,
  verificationReportSchema,
} from './report.ts';
