import type { CheckName, CheckResult, VerificationReport } from '@exoarmur/contracts';
import type { LimitationCode } from './codes.ts';

/** The checks that have to pass for a bundle 3 when the caller names none (spec/verification-report.md, "Verdict"). */
export const DEFAULT_REQUIRED: readonly CheckName[] = ['structure', 'integrity', 'completeness', 'lifecycle'];

/** All that a bundle of the Python ancestor can pass: it has no signature and no bound trail. */
export const LEGACY_REQUIRED: readonly CheckName[] = ['structure', 'integrity'];

/** Shape, checks and summary of one bundle file, before they are judged against what was required. */
export interface Examination {
  readonly bundle: Omit<VerificationReport['bundle'], 'digest'>;
  readonly checks: readonly CheckResult[];
  readonly coverage: VerificationReport['coverage'];
  readonly limitations: readonly LimitationCode[];
  /** What is required of this shape when the caller names nothing. */
  readonly defaultRequired: readonly CheckName[];
}
