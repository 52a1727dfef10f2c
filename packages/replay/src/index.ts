export type { LimitationCode, VerificationCode } from './codes.ts';
export { describeBundle } from './describe-bundle.ts';
export { ReplayError, type ReplayErrorCode } from './errors.ts';
export type { IntentStore } from './event-steps.ts';
export { DEFAULT_REQUIRED, LEGACY_REQUIRED } from './examination.ts';
export { type EventStore, ReplayEngine, type ReplayEngineOptions } from './replay-engine.ts';
export { formatReplayReport, hashReplayReport, type ReplayReport, type ReplayResult } from './replay-report.ts';
export { formatReport } from './report-text.ts';
export { type VerifyBundleOptions, verifyBundle } from './verify-bundle.ts';
