export { hashArtifact, hashManifest } from './artifact-hash.ts';
export {
  type CapabilityEvent,
  type CapabilityRecorder,
  type RecordCapability,
  sealCapabilities,
} from './capability.ts';
export { GovernanceError, type GovernanceErrorCode } from './errors.ts';
export { type ArtifactDraft, buildGovernanceEvidence } from './evidence-builder.ts';
export { MAX_OPERATOR_FILE_BYTES, parseGovernancePolicy, parseProviderTrust } from './operator-files.ts';
export { askProvider, type ProviderAnswer, type Question } from './provider-answer.ts';
export {
  NO_PROVIDERS,
  type ProviderDirectory,
  type ProviderHandle,
  type ProviderListing,
  type ProviderRun,
} from './provider-port.ts';
export { formatGovernance } from './report-text.ts';
export { type VerifyGovernanceOptions, verifyGovernance } from './verify-governance.ts';
