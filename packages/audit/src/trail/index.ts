export { advanceTrail, type TrailStep, type TrailVerdict } from './advance.ts';
export { findStandingGrantMismatch } from './standing-grant-fit.ts';
export {
  type ApprovalSeen,
  allowedKinds,
  type DecisionSeen,
  initialTrail,
  isClosed,
  type RequestSeen,
  type TrailPhase,
  type TrailScope,
  type TrailState,
  type UnverifiableCheck,
} from './state.ts';
export type { TrailViolation, TrailViolationCode } from './violation.ts';
