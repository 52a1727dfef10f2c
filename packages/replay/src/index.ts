export type { LimitationCode, VerificationCode } from './codes.ts';
export { describeBundle } from './describe-bundle.ts';
export { ReplayError, type ReplayErrorCode } from './errors.ts';
export { EventReplay, replayEventStream } from './event-replay.ts';
export type { IntentStore } from './event-steps.ts';
export { DEFAULT_REQUIRED, LEGACY_REQUIRED } from './examination.ts';
export { type ReexecutionInput, type ReexecutionVerdict, reexecuteDecision } from './reexecute-decision.ts';
export { type EventStore, ReplayEngine, type ReplayEngineOptions } from './replay-engine.ts';
export { digestReplayEvents } from './replay-events.ts';
export { formatReplayReport, hashReplayReport, type ReplayReport, type ReplayResult } from './replay-report.ts';
export { formatReport } from './report-text.ts';
export type { RecordedStream } from './stream-replay.ts';
export {
  type ComparedRecord,
  findTrailDivergence,
  type TrailDivergence,
  type TrailDivergenceCode,
} from './trail-divergence.ts';
export { type VerifyBundleOptions, verifyBundle } from './verify-bundle.ts';
