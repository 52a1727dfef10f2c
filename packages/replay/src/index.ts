export type { LimitationCode, VerificationCode } from './codes.ts';
export { DEFAULT_REQUIRED, LEGACY_REQUIRED } from './examination.ts';
export { type VerifyBundleOptions, verifyBundle } from './verify-bundle.ts';
