import { z } from 'zod';
import {
  governanceArtifactsReportSchema,
  governanceEnforcementSchema,
  governanceProviderSchema,
} from './governance/report.ts';

/** The checks of a verification, in the order in which they are made and reported. */
export const checkNameSchema = z.enum([
  'structure',
  'integrity',
  'signer',
  'completeness',
  'lifecycle',
  'decision',
  'witness',
  'governance',
]);
export type CheckName = z.infer<typeof checkNameSchema>;

/** Answer to one question. `unverifiable` is never a pass. */
export const checkStatusSchema = z.enum(['passed', 'failed', 'unverifiable', 'not_requested']);
export type CheckStatus = z.infer<typeof checkStatusSchema>;

/** One place where evidence and rule part. Values are short texts, never whole payloads. */
export const divergenceSchema = z.strictObject({
  code: z.string().regex(/^[a-z][a-z0-9_]{2,63}$/),
  /** JSON pointer into the bundle file. */
  pointer: z.string(),
  /** Index of the first record concerned, null when it is not about one record. */
  record: z.int().min(0).nullable(),
  expected: z.string().max(512).nullable(),
  found: z.string().max(512).nullable(),
});
export type Divergence = z.infer<typeof divergenceSchema>;

/**
 * One check with its status. When it failed, `divergences` holds what failed, first divergence first; when it is
 * `unverifiable`, what was missing; otherwise it is empty.
 */
export const checkResultSchema = z.strictObject({
  name: checkNameSchema,
  status: checkStatusSchema,
  divergences: z.array(divergenceSchema),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

/** What was really established, from nothing to a witnessed log. */
export const assuranceSchema = z.enum(['none', 'integrity', 'signed', 'witnessed']);
export type Assurance = z.infer<typeof assuranceSchema>;

/** Result of verifying one bundle file. `verify_verdict` is PASS only if no requested check failed. */
export const verificationReportSchema = z.strictObject({
  schema: z.literal('exoarmur.verification-report/1'),
  verify_verdict: z.enum(['PASS', 'FAIL']),
  assurance: assuranceSchema,
  bundle: z.strictObject({
    shape: z.enum(['bundle_3', 'legacy_2_0', 'legacy_1_0', 'legacy_canonical_demo', 'legacy_wrapped_demo', 'unknown']),
    digest: z.string(),
    stream: z.string().nullable(),
    final_verdict: z.string().nullable(),
    outcome: z.string().nullable(),
    signed_by: z.array(z.string()),
  }),
  /** Checks that had to pass for a PASS, in report order: the caller's choice, never the bundle's. */
  required: z.array(checkNameSchema),
  checks: z.array(checkResultSchema),
  /** Which members of a bundle of the Python ancestor its hashes cover, by JSON pointer; null when every byte counts. */
  coverage: z.strictObject({ covered: z.array(z.string()), not_covered: z.array(z.string()) }).nullable(),
  /** What this report does not say, as sorted stable codes. */
  limitations: z.array(z.string().regex(/^[a-z][a-z0-9_]{2,63}$/)),
  /** What was found of governance artifacts; absent when the file has none and nobody asked. */
  governance_artifacts: governanceArtifactsReportSchema.optional(),
  /** Beside `governance_artifacts`. */
  governance_enforcement: governanceEnforcementSchema.optional(),
  /** The providers that the verifier's trust file lists; absent without one. */
  governance_providers: z.array(governanceProviderSchema).optional(),
});
export type VerificationReport = z.infer<typeof verificationReportSchema>;
