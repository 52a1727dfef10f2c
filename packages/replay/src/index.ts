export type { LimitationCode, VerificationCode } from './codes.ts';
export { describeBundle } from './describe-bundle.ts';
export { DEFAULT_REQUIRED, LEGACY_REQUIRED } from './examination.ts';
export { formatReport } from './report-text.ts';
export { type VerifyBundleOptions, verifyBundle } from './verify-bundle.ts';
