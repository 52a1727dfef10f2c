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
export { signApproval, type VerifiedApproval, verifyApproval } from './approval.ts';
export { BOUNDARY_LIMITS, type BoundaryLimits, type BoundaryOptions } from './boundary-context.ts';
export { type BundleSources, buildBundle, digestBundle } from './bundle-builder.ts';
export { BoundaryError, type BoundaryErrorCode } from './errors.ts';
export {
  createTrustedHost,
  EXECUTOR_DIGEST_DOMAIN,
  type ExecutorHost,
  type HostedCheck,
  type HostedOutcome,
} from './executor-host.ts';
export { createFactSource, type FactSource, type GatheredFacts, UNKNOWN_FACTS } from './facts.ts';
export { createGrant, digestGrant, redeemGrant } from './grant.ts';
export { type ClaimResult, createMemoryGrantStore, type GrantClaim, type GrantStore } from './grant-store.ts';
export { type IntentSnapshot, snapshotIntent } from './intent-snapshot.ts';
export {
  createOperatorRegistry,
  type KnownOperator,
  type Operator,
  type OperatorRegistry,
} from './operator-registry.ts';
export { type ActionResult, type BundleOptions, type ExecuteOptions, ProxyPipeline } from './proxy-pipeline.ts';
