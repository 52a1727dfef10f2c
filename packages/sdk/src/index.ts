export type { RecordedAction, UnsoundAction } from './action-reader.ts';
export { ANSWER_LIMITS, AnswerTray, type TrayAnswer } from './answer-tray.ts';
export type { AnswerListeners, AnswersTaken, RefusedAnswer } from './answers.ts';
export { type Answer, ApprovalDesk, openApprovalDesk, type Revocation } from './approval-desk.ts';
export { Boundary, createBoundary } from './boundary.ts';
export { type BoundaryFile, configOf, readBoundaryFile, storeOf } from './boundary-file.ts';
export type { RecoveryReport } from './boundary-recovery.ts';
export type {
  BoundaryConfig,
  ConfinedExecutor,
  MeasuredEnvironment,
  SandboxedExecutor,
  StoreConfig,
  TrustedExecutor,
} from './config.ts';
export { SdkError, type SdkErrorCode } from './errors.ts';
export { type BatchCall, type GovernedTools, govern, governTools } from './govern.ts';
export { GovernedCallError, type GovernedCallErrorCode } from './governed-call-error.ts';
export {
  type GovernanceIntegrity,
  type GovernedExecution,
  replayGovernedExecution,
  runGovernedExecution,
  verifyGovernanceIntegrity,
} from './governed-execution.ts';
export type { CallOptions, CallResult, GovernedTool, GovernOptions } from './governed-tool.ts';
export type { ListedStandingGrant } from './kept-standing-grants.ts';
export { createMachineEnvironment, type StatedEnvironment } from './machine-environment.ts';
export { type ChunkOf, type OutputOf, type Tool, type ToolCall, ToolFailure } from './tool.ts';
export type { WaitingAction } from './waiting-action.ts';
