export type {
  Approval,
  ApprovalDecided,
  ApprovalPresentation,
  ApprovalRequest,
  ApprovalRevocation,
  ApprovalRevoked,
  ApprovedAction,
} from './approval.ts';
export {
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  APPROVAL_REQUEST_DIGEST_DOMAIN,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  approvalDecidedSchema,
  approvalPresentationSchema,
  approvalRequestSchema,
  approvalRevocationSchema,
  approvalRevokedSchema,
  approvalSchema,
  approvedActionSchema,
  effectPreviewSchema,
  MAX_PREVIEW_CHARACTERS,
} from './approval.ts';
export type { AttemptKind, AttemptRefused } from './attempt.ts';
export { ATTEMPT_DIGEST_DOMAIN, attemptKindSchema, attemptRefusedSchema } from './attempt.ts';
export type {
  DispatchStatus,
  ExecutionDispatch,
  ExecutorCapabilities,
  ExecutorResult,
  TargetValidationResult,
} from './boundary/execution.ts';
export {
  dispatchStatusSchema,
  executionDispatchSchema,
  executorCapabilitiesSchema,
  executorResultSchema,
  targetValidationResultSchema,
} from './boundary/execution.ts';
export type { LegacyActionIntent } from './boundary/intent.ts';
export { legacyActionIntentSchema } from './boundary/intent.ts';
export type { ApprovalRecord, ApprovalStatus, PolicyDecision, PolicyRule } from './boundary/policy.ts';
export {
  approvalRecordSchema,
  approvalStatusSchema,
  CONSTANT_DECISION_ID,
  policyDecisionSchema,
  policyRuleSchema,
} from './boundary/policy.ts';
export type { ExecutionTrace, ExecutorTrace, TraceEvent, TraceStage, VerdictTrace } from './boundary/trace.ts';
export {
  executionTraceSchema,
  executorTraceSchema,
  traceEventSchema,
  traceStageSchema,
  verdictTraceSchema,
} from './boundary/trace.ts';
export type { Budget, BudgetFacts, BudgetReading } from './budget.ts';
export { budgetFactsSchema, budgetIdSchema, budgetReadingSchema, budgetSchema, budgetsSchema } from './budget.ts';
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
export type { CanonicalEvent } from './canonical-event.ts';
export { canonicalEventSchema } from './canonical-event.ts';
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
  ThreatSignal,
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
  threatSignalSchema,
  verdictSchema,
} from './decision.ts';
export type { DsseEnvelope } from './envelope.ts';
export { dsseEnvelopeSchema } from './envelope.ts';
export type { ErrorDetails } from './errors.ts';
export {
  ExoArmurError,
  formatPointer,
  InvariantError,
  isExoArmurError,
  pointToMember,
  pointToProblem,
  quoteForMessage,
} from './errors.ts';
export type {
  FlagDefinition,
  FlagErrorCode,
  FlagName,
  FlagSet,
  FlagSource,
  FlagStatements,
  ResolvedFlags,
} from './flags.ts';
export { FLAG_PREFIX, FLAGS, FlagError, flagSetSchema, parseFlags, resolveFlags } from './flags.ts';
export type { GovernanceEvidence, GovernanceManifest, GovernanceManifestEntry } from './governance/manifest.ts';
export {
  artifactSchemaVersionSchema,
  artifactTypeSchema,
  GOVERNANCE_ARTIFACT_DIGEST_DOMAIN,
  GOVERNANCE_MANIFEST_DIGEST_DOMAIN,
  governanceEvidenceSchema,
  governanceManifestEntrySchema,
  governanceManifestSchema,
  MAX_GOVERNANCE_ARTIFACT_BYTES,
  MAX_GOVERNANCE_ARTIFACTS,
} from './governance/manifest.ts';
export type {
  CapabilityActivation,
  CapabilityDenial,
  CapabilityRegistration,
  GovernancePolicy,
  GovernanceSubject,
  ProviderDescriptor,
  ProviderRequest,
  ProviderResponse,
  ProviderRuntime,
  ProviderTrust,
} from './governance/provider.ts';
export {
  capabilityActivationSchema,
  capabilityDenialSchema,
  capabilityRegistrationSchema,
  exactVersionSchema,
  governancePolicySchema,
  governanceSubjectSchema,
  MAX_PROVIDER_RESPONSE_BYTES,
  packageFileSchema,
  packageNameSchema,
  providerDescriptorSchema,
  providerRequestSchema,
  providerResponseSchema,
  providerRuntimeSchema,
  providerTrustSchema,
} from './governance/provider.ts';
export type {
  GovernanceArtifactsReport,
  GovernanceCode,
  GovernanceEnforcement,
  GovernanceProvider,
  SemanticResult,
} from './governance/report.ts';
export {
  governanceArtifactsReportSchema,
  governanceCodeSchema,
  governanceEnforcementSchema,
  governanceProviderSchema,
  semanticResultSchema,
} from './governance/report.ts';
export type { ExecutorIdentity, Grant } from './grant.ts';
export { executorIdentitySchema, GRANT_DIGEST_DOMAIN, grantSchema } from './grant.ts';
export type {
  DecisionDifference,
  HypotheticalDecision,
  HypotheticalStep,
  HypotheticalTrail,
  Intervention,
  VerdictShift,
} from './hypothetical.ts';
export {
  decisionDifferenceSchema,
  hypotheticalDecisionSchema,
  hypotheticalStepSchema,
  hypotheticalTrailSchema,
  interventionSchema,
  verdictShiftSchema,
} from './hypothetical.ts';
export type { ActionClass, ActionIntent } from './intent.ts';
export {
  actionClassSchema,
  actionIntentSchema,
  INTENT_DIGEST_DOMAIN,
  MAX_CARRIED_DEPTH,
  MAX_INTENT_BYTES,
  PARAMETERS_DIGEST_DOMAIN,
} from './intent.ts';
export type {
  BundleShape,
  CanonicalDemoBundle,
  LegacyBundle,
  UnversionedLegacyBundle,
  WrappedDemoBundle,
} from './legacy-bundle.ts';
export {
  bundleShapeSchema,
  canonicalDemoBundleSchema,
  detectBundleShape,
  legacyBundleSchema,
  legacyHashSchema,
  unversionedLegacyBundleSchema,
  wrappedDemoBundleSchema,
} from './legacy-bundle.ts';
export type { NodeAgreement, NodeResult, NodeStanding } from './node-agreement.ts';
export {
  MAX_NODES,
  NODE_RESULT_PAYLOAD_TYPE,
  nodeAgreementSchema,
  nodeResultSchema,
  nodeStandingSchema,
} from './node-agreement.ts';
export type { ObservedAction } from './observation.ts';
export { observedActionSchema } from './observation.ts';
export type { LimitBreach, Outcome, OutcomeStatus, TargetValidation, TargetVerdict } from './outcome.ts';
export {
  limitBreachSchema,
  MAX_REASON_LENGTH,
  OUTCOME_DIGEST_DOMAIN,
  outcomeSchema,
  outcomeStatusSchema,
  RESULT_DIGEST_DOMAIN,
  targetValidationSchema,
  targetVerdictSchema,
} from './outcome.ts';
export type { CloseReason, StreamClosed, TrailKind, TrailPayloads } from './payloads.ts';
export { closeReasonSchema, isTrailKind, streamClosedSchema, trailPayloadSchemas } from './payloads.ts';
export type { Autonomy, DowngradeOverride, PolicyActivated, PolicyBounds, PolicyBundle } from './policy-bundle.ts';
export {
  autonomySchema,
  downgradeOverrideSchema,
  POLICY_BUNDLE_DIGEST_DOMAIN,
  POLICY_BUNDLE_PAYLOAD_TYPE,
  policyActivatedSchema,
  policyBoundsSchema,
  policyBundleSchema,
} from './policy-bundle.ts';
export type { PolicyFlip, PolicyReplay, PolicyReview } from './policy-replay.ts';
export { MAX_REVIEWED_FLIPS, policyFlipSchema, policyReplaySchema, policyReviewSchema } from './policy-replay.ts';
export type { EngineIdentity, PolicySet } from './policy-set.ts';
export { engineIdentitySchema, POLICY_SET_DIGEST_DOMAIN, policySetSchema } from './policy-set.ts';
export type { Alert, AlertSink } from './ports/alert.ts';
export type { ApprovalInbox, OpenRequest } from './ports/approval-inbox.ts';
export type {
  AppendReceipt,
  AuditSink,
  CellAuditSink,
  CellDraft,
  CellKind,
  RecordDraft,
  StoredPayload,
  StreamEvidence,
  StreamEvidenceSource,
} from './ports/audit.ts';
export type {
  AuditLogStore,
  LogCommit,
  LogCommitResult,
  LogContentKey,
  LogEntry,
  LogHead,
  LogHeadKeeper,
  LogNote,
  LogPayload,
  LogStoreErrorCode,
  LogStream,
  NewLogEntry,
  NewLogTile,
} from './ports/audit-log-store.ts';
export { LogStoreError } from './ports/audit-log-store.ts';
export type {
  Conduct,
  ConductCounts,
  ConductDay,
  ConductEnd,
  ConductHistory,
  ConductStore,
} from './ports/conduct-store.ts';
export type { DecisionRequest, PolicyDecisionPoint, PolicyEvaluator, SwitchStore } from './ports/decision.ts';
export type { EnvironmentProbe, EnvironmentReading } from './ports/environment-probe.ts';
export type {
  CancelSignal,
  EffectPreview,
  Executor,
  ExecutorManifest,
  ExecutorReport,
  TargetCheck,
} from './ports/executor.ts';
export type { ExecutorHost, ExecutorIsolation, HostedCheck, HostedOutcome } from './ports/executor-host.ts';
export { EXECUTOR_DIGEST_DOMAIN, MAX_REPORT_BYTES } from './ports/executor-host.ts';
export type {
  ClaimResult,
  GrantClaim,
  GrantStore,
  KeptStandingGrant,
  StandingGrantStore,
  StandingGrantUse,
  UseResult,
} from './ports/grant-store.ts';
export type { LimitAnswer, LimitDemand, LimitStore, LimitTaking } from './ports/limit-store.ts';
export type { AddOperatorResult, Operator, OperatorRegistry, OperatorStore } from './ports/operator-registry.ts';
export type { Clock, RandomSource, Signer } from './ports/platform.ts';
export type {
  ActivationMark,
  KeptActivation,
  PolicyActivationStore,
  RefusedBundle,
} from './ports/policy-activation-store.ts';
export type { KeptSwitchCommand, SwitchCommandPage, SwitchCommandStore } from './ports/switch-command-store.ts';
export type { WitnessedHead, WitnessStore } from './ports/witness.ts';
export type { Digest, JsonObject } from './primitives.ts';
export {
  actionTypeSchema,
  asLine,
  base64Schema,
  digestSchema,
  identifierSchema,
  isIdentifier,
  jsonObjectSchema,
  keyedSchema,
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
export type { AmbiguityResolved, Resolution, ResolutionFinding } from './resolution.ts';
export {
  ambiguityResolvedSchema,
  RESOLUTION_DIGEST_DOMAIN,
  RESOLUTION_PAYLOAD_TYPE,
  resolutionFindingSchema,
  resolutionSchema,
} from './resolution.ts';
export type { ParameterRule, StandingGrant, StandingGrantChanged, StandingGrantUsed } from './standing-grant.ts';
export {
  parameterRuleSchema,
  STANDING_GRANT_DIGEST_DOMAIN,
  STANDING_GRANT_PAYLOAD_TYPE,
  standingGrantChangedSchema,
  standingGrantSchema,
  standingGrantUsedSchema,
} from './standing-grant.ts';
export type { SwitchChanged, SwitchCommand, SwitchKind } from './switch.ts';
export {
  MAX_SWITCH_COMMAND_BYTES,
  SWITCH_COMMAND_PAYLOAD_TYPE,
  switchChangedSchema,
  switchCommandSchema,
} from './switch.ts';
export type {
  ApprovalActionRequestV1,
  ApprovalResponseV1,
  ApprovalStatusResponseV1,
  AuditResponseV1,
  ErrorResponseV1,
  TelemetryIngestResponseV1,
} from './v1/api.ts';
export {
  approvalActionRequestV1Schema,
  approvalResponseV1Schema,
  approvalStatusResponseV1Schema,
  auditResponseV1Schema,
  errorResponseV1Schema,
  telemetryIngestResponseV1Schema,
} from './v1/api.ts';
export type { AuditRecordV1, CatalogEvent, CatalogEventType } from './v1/audit.ts';
export { auditRecordV1Schema, catalogEventSchema, catalogEventTypeSchema } from './v1/audit.ts';
export type { BeliefTelemetryV1, BeliefV1 } from './v1/beliefs.ts';
export { beliefTelemetryV1Schema, beliefV1Schema } from './v1/beliefs.ts';
export type {
  ArbitrationConflictType,
  ArbitrationStatus,
  ArbitrationV1,
  CellStatus,
  FederateIdentityV1,
  FederateNonceV1,
  FederationRole,
  HandshakeSessionV1,
  HandshakeState,
  VerificationFailureReason,
} from './v1/federation.ts';
export {
  arbitrationConflictTypeSchema,
  arbitrationStatusSchema,
  arbitrationV1Schema,
  cellStatusSchema,
  federateIdentityV1Schema,
  federateNonceV1Schema,
  federationRoleSchema,
  handshakeSessionV1Schema,
  handshakeStateSchema,
  verificationFailureReasonSchema,
} from './v1/federation.ts';
export type {
  CapabilityNegotiateMessage,
  CapabilityNegotiatePayloadV1,
  HandshakeMessage,
  IdentityExchangeMessage,
  IdentityExchangePayloadV1,
  SignatureInfoV1,
  TrustEstablishMessage,
  TrustEstablishPayloadV1,
} from './v1/handshake-messages.ts';
export {
  capabilityNegotiateMessageSchema,
  capabilityNegotiatePayloadV1Schema,
  handshakeMessageSchema,
  identityExchangeMessageSchema,
  identityExchangePayloadV1Schema,
  signatureInfoV1Schema,
  trustEstablishMessageSchema,
  trustEstablishPayloadV1Schema,
} from './v1/handshake-messages.ts';
export type {
  IdentityContainmentAppliedRecordV1,
  IdentityContainmentIntentV1,
  IdentityContainmentRecommendationV1,
  IdentityContainmentRevertedRecordV1,
  IdentityContainmentScopeV1,
  IdentityContainmentStatusV1,
  IdentitySubjectV1,
} from './v1/identity-containment.ts';
export {
  identityContainmentAppliedRecordV1Schema,
  identityContainmentIntentV1Schema,
  identityContainmentRecommendationV1Schema,
  identityContainmentRevertedRecordV1Schema,
  identityContainmentScopeV1Schema,
  identityContainmentStatusV1Schema,
  identitySubjectV1Schema,
} from './v1/identity-containment.ts';
export type { Classification, ExecutionIntentV1, LocalDecisionV1 } from './v1/intents.ts';
export { classificationSchema, executionIntentV1Schema, localDecisionV1Schema } from './v1/intents.ts';
export type {
  AnomalyDetectionPayloadV1,
  NetworkActivityPayloadV1,
  ObservationPayloadV1,
  ObservationType,
  ObservationV1,
  SystemHealthPayloadV1,
  TelemetrySummaryPayloadV1,
  ThreatIntelPayloadV1,
} from './v1/observations.ts';
export {
  anomalyDetectionPayloadV1Schema,
  networkActivityPayloadV1Schema,
  observationPayloadV1Schema,
  observationTypeSchema,
  observationV1Schema,
  systemHealthPayloadV1Schema,
  telemetrySummaryPayloadV1Schema,
  threatIntelPayloadV1Schema,
} from './v1/observations.ts';
export type { Severity } from './v1/scalars.ts';
export { jsonValueSchema, legacyTimeSchema, severitySchema, ulidSchema } from './v1/scalars.ts';
export type {
  BeliefDeltaV1,
  ConflictV1,
  EvidenceRefV1,
  FindingV1,
  HypothesisV1,
  NarrativeV1,
  TimelineEventV1,
  TimelineV1,
} from './v1/shared-primitives.ts';
export {
  beliefDeltaV1Schema,
  conflictV1Schema,
  evidenceRefV1Schema,
  findingV1Schema,
  hypothesisV1Schema,
  narrativeV1Schema,
  timelineEventV1Schema,
  timelineV1Schema,
} from './v1/shared-primitives.ts';
export type { SignalFactsV1, SubjectType, TelemetryEventV1 } from './v1/telemetry.ts';
export { signalFactsV1Schema, signalSubjectSchema, subjectTypeSchema, telemetryEventV1Schema } from './v1/telemetry.ts';
