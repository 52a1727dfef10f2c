export { createPolicyReport, type PolicyReportOptions } from './policy-report.ts';
export { formatPolicyReport } from './policy-report-text.ts';
export { MAX_REVIEW_BYTES, parsePolicyReview } from './policy-review.ts';
export {
  MAX_LISTED_FLIPS,
  type PolicyReplayOptions,
  type PolicyReplayPart,
  type RecordedDecision,
  replayPolicyPart,
} from './replay-policy.ts';
export { compareDecisions, type DecisionShift } from './verdict-shift.ts';
