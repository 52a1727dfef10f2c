import type { TrustPolicy } from '@exoarmur/canonical';
import type { LegacyObject, LegacyValue } from '@exoarmur/canonical/legacy-python';
import {
  type BundleShape,
  type CheckName,
  type CheckResult,
  canonicalDemoBundleSchema,
  detectBundleShape,
  legacyBundleSchema,
  unversionedLegacyBundleSchema,
  wrappedDemoBundleSchema,
} from '@exoarmur/contracts';
import { type Check, notRequested, runCheck } from './check.ts';
import type { LimitationCode } from './codes.ts';
import { type Examination, LEGACY_REQUIRED } from './examination.ts';
import { checkDemoProof } from './legacy-demo.ts';
import { type LegacyFile, legacyMember, readLegacyFile } from './legacy-file.ts';
import { checkGovernedBundle, checkLegacyLifecycle } from './legacy-governed.ts';
import { firstIssue } from './shape-issue.ts';

/** Shapes of the ancestor, each with the schema of its file. */
const SCHEMAS = {
  legacy_2_0: legacyBundleSchema,
  legacy_1_0: unversionedLegacyBundleSchema,
  legacy_wrapped_demo: wrappedDemoBundleSchema,
  legacy_canonical_demo: canonicalDemoBundleSchema,
} as const;

type LegacyShape = keyof typeof SCHEMAS;

/** Which members of a file an altered value would show in, present or absent, and what else a report has to admit. */
export interface LegacyFindings {
  readonly covered: string[];
  readonly notCovered: string[];
  readonly limitations: LimitationCode[];
}

/**
 * Examines a bundle of the Python ancestor by its own, weaker rules (spec/legacy-bundles.md): unkeyed hashes over some of its
 * members. Gives the shape instead when it is none of the ancestor's. A verifier that brings a key gets a failed signer
 * check, so that a signed bundle cannot be passed off as an old one.
 */
export function examineLegacyBundle(
  bytes: Uint8Array,
  policy: TrustPolicy | undefined,
  asked: readonly CheckName[],
): Examination | 'bundle_3' | 'unknown' {
  const file = readLegacyFile(bytes);
  const shape: BundleShape = file === undefined ? 'unknown' : detectBundleShape(file.plain);
  if (file === undefined || shape === 'bundle_3' || shape === 'unknown')
    return shape === 'bundle_3' ? shape : 'unknown';
  const findings: LegacyFindings = { covered: [], notCovered: [], limitations: ['legacy_forgeable'] };
  const structure = runCheck('structure', (check) => checkStructure(file, shape, check));
  const isReadable = structure.status === 'passed';
  const integrity = runCheck('integrity', (check) => {
    if (isReadable) checkIntegrity(file.value, shape, findings, check);
    else check.gap('not_reached');
  });
  const lifecycle = runCheck('lifecycle', (check) => {
    if (isReadable) checkLegacyLifecycle(governedPart(file.value, shape), check);
    else check.gap('not_reached');
  });
  if (findings.notCovered.length > 0) findings.limitations.push('legacy_fields_not_covered');
  return {
    bundle: { shape, ...summarize(file.value, shape), signed_by: [] },
    checks: [structure, integrity, ...remainingChecks(lifecycle, policy, asked)],
    coverage: isReadable ? { covered: findings.covered.sort(), not_covered: findings.notCovered.sort() } : null,
    limitations: findings.limitations,
    defaultRequired: LEGACY_REQUIRED,
  };
}

function checkStructure(file: LegacyFile, shape: LegacyShape, check: Check): void {
  if (file.hasDuplicateKey) check.fail('legacy_duplicate_key');
  const parsed = SCHEMAS[shape].safeParse(file.plain);
  if (!parsed.success) check.fail('shape_invalid', firstIssue(parsed.error.issues));
}

function checkIntegrity(file: LegacyObject, shape: LegacyShape, findings: LegacyFindings, check: Check): void {
  if (shape === 'legacy_canonical_demo') checkDemoProof(file, findings, check);
  else if (shape !== 'legacy_wrapped_demo') checkGovernedBundle(file, '', findings, check);
  else {
    const bundle = governedPart(file, shape);
    if (bundle !== undefined) checkGovernedBundle(bundle, '/bundle', findings, check);
    checkWrapping(file, findings, check);
  }
}

/** No hash covers the wrapping of a demo bundle, but two of its members repeat what is inside. */
function checkWrapping(file: LegacyObject, findings: LegacyFindings, check: Check): void {
  const repeats = [
    ['final_verdict', legacyMember(file, 'bundle', 'final_verdict')],
    ['action_executed', legacyMember(file, 'bundle', 'executor_result', 'success') === true],
  ] as const;
  for (const [member, expected] of repeats) {
    if (!file.has(member)) {
      findings.notCovered.push(`/${member}`);
      findings.limitations.push('legacy_members_absent');
      continue;
    }
    findings.covered.push(`/${member}`);
    const found = file.get(member);
    if (found !== expected) {
      check.fail('legacy_verdict_mismatch', {
        pointer: `/${member}`,
        expected: String(expected),
        found: String(found),
      });
    }
  }
  findings.notCovered.push('/audit_records', '/audit_stream_id', '/written_at');
}

function remainingChecks(
  lifecycle: CheckResult,
  policy: TrustPolicy | undefined,
  asked: readonly CheckName[],
): CheckResult[] {
  const unsigned = (name: CheckName, isAsked: boolean): CheckResult =>
    isAsked ? runCheck(name, (check) => check.fail('legacy_unsigned')) : notRequested(name);
  return [
    unsigned('signer', policy !== undefined || asked.includes('signer')),
    runCheck('completeness', (check) => check.gap('legacy_trail_unbound')),
    lifecycle,
    runCheck('decision', (check) => check.gap('legacy_not_reexecutable')),
    unsigned('witness', asked.includes('witness') || (policy !== undefined && policy.quorum !== 'none')),
    asked.includes('governance')
      ? runCheck('governance', (check) => check.gap('governance_not_checked'))
      : notRequested('governance'),
  ];
}

function governedPart(file: LegacyObject, shape: LegacyShape): LegacyObject | undefined {
  if (shape === 'legacy_canonical_demo') return undefined;
  const part: LegacyValue | undefined = shape === 'legacy_wrapped_demo' ? file.get('bundle') : file;
  return part instanceof Map ? part : undefined;
}

function summarize(file: LegacyObject, shape: LegacyShape) {
  const text = (...path: string[]): string | null => {
    const value = legacyMember(file, ...path);
    return typeof value === 'string' ? value : null;
  };
  if (shape === 'legacy_canonical_demo') {
    const stream = text('execution_proof', 'intent', 'intent_id');
    return { stream, final_verdict: text('execution_proof', 'trace_final_status'), outcome: null };
  }
  const prefix = shape === 'legacy_wrapped_demo' ? ['bundle'] : [];
  return {
    stream: text(...prefix, 'intent', 'intent_id'),
    final_verdict: text(...prefix, 'final_verdict'),
    outcome: null,
  };
}
