import { digestBytes, formatVerifierKey, isQuorumMet, parseTrustPolicy, type TrustPolicy } from '@exoarmur/canonical';
import {
  type Assurance,
  BUNDLE_DIGEST_DOMAIN,
  BUNDLE_MEDIA_TYPE,
  type CheckName,
  type CheckResult,
  checkNameSchema,
  type PolicyEvaluator,
  type VerificationReport,
} from '@exoarmur/contracts';
import { checkHashes } from './bundle-integrity.ts';
import { checkSignatures } from './bundle-signatures.ts';
import { parseBundle, readBundleFile } from './bundle-structure.ts';
import { Check, notReached, notRequested, runCheck } from './check.ts';
import type { LimitationCode } from './codes.ts';
import { checkCompleteness } from './completeness.ts';
import { checkDecisions } from './decision-reexecution.ts';
import { DEFAULT_REQUIRED, type Examination } from './examination.ts';
import { examineLegacyBundle } from './legacy-bundle.ts';
import { checkLifecycle } from './lifecycle.ts';
import { isSigningKey, type ParsedBundle } from './parsed-bundle.ts';
import { checkSigner, checkWitnesses } from './signer-trust.ts';
import { checkStatementClaims } from './statement-claims.ts';

/** What the verifier brings along. Nothing of it comes from the bundle. */
export interface VerifyBundleOptions {
  /** Whose keys count, as C2SP tlog-policy text or parsed. With it the signer is checked and has to pass. */
  readonly trust?: TrustPolicy | string;
  /** Checks that have to pass, in place of {@link DEFAULT_REQUIRED} and, with an evaluator, `decision`. `structure` and what `trust` asks for always are. */
  readonly require?: readonly CheckName[];
  /** Decides again. Without it the `decision` check is unverifiable; with it `decision` is required unless `require` is given. */
  readonly evaluator?: PolicyEvaluator;
}

/**
 * Verifies a proof bundle 3 or a bundle of the Python ancestor (spec/verification-report.md). Evidence never makes it
 * throw: any bytes give a report. A failed check fails the verdict, required or not; an unverifiable one only when it is
 * required. @throws CanonicalError for a trust policy text that does not parse, TypeError for an unknown check name.
 */
export async function verifyBundle(bytes: Uint8Array, options: VerifyBundleOptions = {}): Promise<VerificationReport> {
  const policy = typeof options.trust === 'string' ? parseTrustPolicy(options.trust) : options.trust;
  for (const name of options.require ?? []) {
    if (!checkNameSchema.safeParse(name).success) throw new TypeError('require names an unknown check');
  }
  const examination = await examine(bytes, policy, options);
  const required = requiredChecks(options.require ?? examination.defaultRequired, policy);
  return judge(bytes, examination, required);
}

async function examine(
  bytes: Uint8Array,
  policy: TrustPolicy | undefined,
  options: VerifyBundleOptions,
): Promise<Examination> {
  const structure = new Check('structure');
  const file = readBundleFile(bytes, structure);
  if (file?.media_type === BUNDLE_MEDIA_TYPE) {
    const parsed = parseBundle(file, structure);
    if (parsed !== undefined) return examineBundle(parsed, structure, policy, options);
    return unreadable('bundle_3', structure);
  }
  const legacy = examineLegacyBundle(bytes, policy, options.require ?? []);
  return typeof legacy === 'string' ? unreadable(legacy, withShapeUnknown(structure)) : legacy;
}

async function examineBundle(
  parsed: ParsedBundle,
  structure: Check,
  policy: TrustPolicy | undefined,
  { evaluator, require = [] }: VerifyBundleOptions,
): Promise<Examination> {
  const asks = (name: CheckName): boolean => require.includes(name);
  const integrity = runCheck('integrity', (check) => {
    checkHashes(parsed, check);
    checkSignatures(parsed, check);
    checkStatementClaims(parsed, check);
  });
  const isSignerAsked = policy !== undefined || asks('signer');
  const signer = isSignerAsked
    ? runCheck('signer', (check) => checkSigner(parsed, policy, check))
    : notRequested('signer');
  const completeness = runCheck('completeness', (check) => checkCompleteness(parsed, check));
  const lifecycle = runCheck('lifecycle', (check) => checkLifecycle(parsed, check));
  const decisionCheck = new Check('decision');
  await checkDecisions(parsed, evaluator, decisionCheck);
  const decision = decisionCheck.finish();
  const isWitnessAsked = hasQuorum(policy) || asks('witness');
  const witness = isWitnessAsked
    ? runCheck('witness', (check) => checkWitnesses(parsed, policy, check))
    : notRequested('witness');
  const governance = asks('governance')
    ? runCheck('governance', (check) => check.gap('governance_not_checked', { pointer: '/artifacts' }))
    : notRequested('governance');
  const checks = [structure.finish(), integrity, signer, completeness, lifecycle, decision, witness, governance];
  const { predicate } = parsed.statement;
  return {
    bundle: {
      shape: 'bundle_3',
      stream: predicate.stream,
      final_verdict: predicate.final_verdict,
      outcome: predicate.outcome,
      signed_by: integrity.status === 'passed' ? parsed.vkeys.filter(isSigningKey).map(formatVerifierKey) : [],
    },
    checks,
    coverage: null,
    limitations: limitationsOf(parsed, checks),
    // SECURITY: whoever brings an engine wants the decision taken again; a bundle must not get round it by leaving policies out.
    defaultRequired:
      evaluator !== undefined && parsed.records.some(({ record }) => record.kind === 'verdict_resolved')
        ? [...DEFAULT_REQUIRED, 'decision']
        : DEFAULT_REQUIRED,
  };
}

function limitationsOf(parsed: ParsedBundle, checks: readonly CheckResult[]): LimitationCode[] {
  const passed = (name: CheckName): boolean => checks.some((check) => check.name === name && check.status === 'passed');
  const has = (kind: string): boolean => parsed.records.some(({ record }) => record.kind === kind);
  const limitations: LimitationCode[] = ['checkpoint_freshness_not_checked', 'governance_not_checked'];
  if (!passed('signer')) limitations.push('key_not_trusted');
  if (!passed('decision')) limitations.push('decision_not_reexecuted');
  if (!passed('witness')) limitations.push('witnesses_not_checked');
  const isSignedByPeople = ['approval_decided', 'approval_revoked', 'standing_grant_used', 'ambiguity_resolved'].some(
    has,
  );
  if (isSignedByPeople) limitations.push('approver_keys_not_verified');
  if (has('execution_completed')) limitations.push('executor_claims_not_observed');
  if (parsed.records.some(({ payload }) => payload === undefined)) limitations.push('payloads_withheld');
  return limitations;
}

function unreadable(shape: 'bundle_3' | 'unknown', structure: Check): Examination {
  const others = checkNameSchema.options.filter((name) => name !== 'structure');
  return {
    bundle: { shape, stream: null, final_verdict: null, outcome: null, signed_by: [] },
    checks: [structure.finish(), ...others.map(notReached)],
    coverage: null,
    limitations: [],
    defaultRequired: DEFAULT_REQUIRED,
  };
}

function withShapeUnknown(structure: Check): Check {
  if (!structure.hasFailed) structure.fail('shape_unknown', { pointer: '/media_type', expected: BUNDLE_MEDIA_TYPE });
  return structure;
}

function hasQuorum(policy: TrustPolicy | undefined): boolean {
  return policy !== undefined && !isQuorumMet(policy, []);
}

function requiredChecks(asked: readonly CheckName[], policy: TrustPolicy | undefined): CheckName[] {
  const required = new Set<CheckName>(['structure', ...asked]);
  // SECURITY: who brings a key wants it checked; no list of requirements takes that back.
  if (policy !== undefined) required.add('signer');
  if (hasQuorum(policy)) required.add('witness');
  return checkNameSchema.options.filter((name) => required.has(name));
}

function judge(bytes: Uint8Array, examination: Examination, required: readonly CheckName[]): VerificationReport {
  const { bundle, checks, coverage, limitations } = examination;
  const hasFailed = checks.some((check) => check.status === 'failed');
  const hasAll = required.every((name) => checks.some((check) => check.name === name && check.status === 'passed'));
  return {
    schema: 'exoarmur.verification-report/1',
    verify_verdict: !hasFailed && hasAll ? 'PASS' : 'FAIL',
    assurance: assuranceOf(checks),
    bundle: { ...bundle, digest: digestBytes(BUNDLE_DIGEST_DOMAIN, bytes) },
    required: [...required],
    checks: [...checks],
    coverage,
    limitations: [...new Set<string>(limitations)].sort(),
  };
}

/** Each level rests on the one below it. */
function assuranceOf(checks: readonly CheckResult[]): Assurance {
  const passed = (name: CheckName): boolean => checks.some((check) => check.name === name && check.status === 'passed');
  if (!passed('structure') || !passed('integrity')) return 'none';
  if (!passed('signer')) return 'integrity';
  return passed('witness') ? 'witnessed' : 'signed';
}
