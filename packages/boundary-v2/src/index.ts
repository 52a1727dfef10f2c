export type {
  ActionEnd,
  ActionSummary,
  AmbiguousAction,
  CompletedAction,
  DenialCode,
  DeniedAction,
  FailedAction,
  PendingAction,
} from './action-result.ts';
export {
  digestApprovalRequest,
  signApproval,
  signApprovalRevocation,
  type VerifiedApproval,
  verifyApproval,
} from './approval.ts';
export { type AttachmentSources, attachArtifacts } from './artifact-attachment.ts';
export { BOUNDARY_LIMITS, type BoundaryLimits, type BoundaryOptions, type Governance } from './boundary-context.ts';
export type { BudgetOptions } from './budgets.ts';
export { type BundleSources, buildBundle, digestBundle } from './bundle-builder.ts';
export { createHistory, createReputation } from './conduct.ts';
export {
  classifyEnvironment,
  createProbedEnvironment,
  ENVIRONMENT_THRESHOLDS,
  type EnvironmentThresholds,
} from './environment.ts';
export { BoundaryError, type BoundaryErrorCode } from './errors.ts';
export { createFactSource, type FactSource, type GatheredFacts, UNKNOWN_FACTS } from './facts.ts';
export { createGrant, digestGrant, redeemGrant } from './grant.ts';
export { type IntentSnapshot, snapshotIntent } from './intent-snapshot.ts';
export { type KeptSwitchCommands, listVerifiedCommands, type VerifiedSwitchCommand } from './kept-switch-commands.ts';
export { createMemoryApprovalInbox } from './memory/approval-inbox.ts';
export { createMemoryConductStore } from './memory/conduct-store.ts';
export { createMemoryGrantStore } from './memory/grant-store.ts';
export { createMemoryLimitStore } from './memory/limit-store.ts';
export { createMemoryOperatorStore, createOperatorRegistry } from './memory/operator-registry.ts';
export { createMemoryPolicyActivationStore } from './memory/policy-activation-store.ts';
export { createMemoryStandingGrantStore } from './memory/standing-grant-store.ts';
export { createMemorySwitchCommandStore } from './memory/switch-command-store.ts';
export { type Observation, ObservingPipeline } from './observing-pipeline.ts';
export {
  activatePolicyBundle,
  type KeptPolicyBundles,
  openPolicyBundles,
  type PolicyActivation,
  type PolicyBundles,
} from './policy-activation.ts';
export { type ActionResult, type BundleOptions, type ExecuteOptions, ProxyPipeline } from './proxy-pipeline.ts';
export { capabilityStreamOf } from './reserved-streams.ts';
export { signResolution } from './resolution.ts';
export { reviseIntent } from './revision.ts';
export { digestStandingGrant, signStandingGrant } from './standing-grant.ts';
export { obeySwitchCommand, type SwitchIntake } from './switch-intake.ts';
export { createSwitchReader, listRecordedCommands, type SwitchReaderOptions } from './switch-reader.ts';
export { createTrustedHost } from './trusted-host.ts';
