import {
  type CheckResult,
  checkNameSchema,
  type Divergence,
  formatPointer,
  type GovernanceEnforcement,
  type GovernancePolicy,
  type VerificationReport,
} from '@exoarmur/contracts';
import { readBundleEvidence } from './bundle-evidence.ts';
import { CapabilityJournal, type CapabilityRecorder } from './capability.ts';
import { decideEnforcement } from './enforcement.ts';
import { examineArtifacts, type GovernanceExamination } from './examination.ts';
import { MANIFEST_MEMBER } from './manifest.ts';
import type { ProviderDirectory } from './provider-port.ts';

/** Most divergences listed; the count of failures is in `governance_enforcement`. */
const MAX_DIVERGENCES = 32;

/** What the verifier brings along. Nothing of it comes from the bundle. */
export interface VerifyGovernanceOptions {
  /** The result of discovery; undefined while discovery is disabled. */
  readonly providers: ProviderDirectory | undefined;
  /** Whether what is required and not valid fails the verdict. */
  readonly enforcement: boolean;
  /** Whether the `governance` check itself has to pass. Implies enforcement; a bundle of which nothing is required does not pass. */
  readonly isRequired?: boolean;
  /** Types that the operator requires, whatever the manifest says. */
  readonly policy?: GovernancePolicy;
  /** Takes down what is done with providers, before it is done. */
  readonly capabilities?: CapabilityRecorder;
}

/**
 * Adds governance to the report of the core verifier, which must have been made without `governance` among its required checks.
 * The core checks are taken over as they are: a FAIL stays a FAIL, and without enforcement the verdict stays what it was. A
 * bundle without a manifest, of which nothing was asked, keeps its report as it is. What cannot be recorded does not run: the error
 * of the recorder is thrown.
 */
export async function verifyGovernance(
  bytes: Uint8Array,
  core: VerificationReport,
  { providers, enforcement, isRequired = false, policy, capabilities }: VerifyGovernanceOptions,
): Promise<VerificationReport> {
  const { evidence, pointer, subject } = readBundleEvidence(bytes, core);
  const enabled = enforcement || isRequired;
  const isAsked = enabled || providers !== undefined || policy !== undefined;
  if (!isAsked && (evidence === undefined || !Object.hasOwn(evidence, MANIFEST_MEMBER))) return core;
  const journal = new CapabilityJournal(capabilities, core.bundle.digest);
  await journal.discovered(providers?.providers ?? []);
  const examination = await examineArtifacts({
    evidence,
    isIntact: core.checks.some((check) => check.name === 'integrity' && check.status === 'passed'),
    subject,
    providers,
    verdictEffect: enabled ? 'fail_closed' : 'diagnostic_only',
    journal,
  });
  const decided = decideEnforcement({ enabled, coreVerdict: core.verify_verdict, policy, examination });
  const check = toCheck(decided, examination, pointer, isRequired);
  const isPassed = check.status === 'passed' || (check.status === 'not_requested' && !isRequired);
  const isJudged = enabled && decided.outcome !== 'NOTHING_REQUIRED';
  const required = new Set(isRequired || isJudged ? [...core.required, 'governance' as const] : core.required);
  return {
    ...core,
    verify_verdict: core.verify_verdict === 'PASS' && isPassed ? 'PASS' : 'FAIL',
    required: checkNameSchema.options.filter((name) => required.has(name)),
    checks: core.checks.map((result) => (result.name === 'governance' ? check : result)),
    limitations: core.limitations.filter((code) => code !== 'governance_not_checked' || check.status !== 'passed'),
    governance_artifacts: examination.report,
    governance_enforcement: decided,
    ...(providers === undefined ? {} : { governance_providers: [...providers.providers] }),
  };
}

function toCheck(
  decided: GovernanceEnforcement,
  examination: GovernanceExamination,
  pointer: string,
  isRequired: boolean,
): CheckResult {
  const name = 'governance';
  switch (decided.outcome) {
    case 'NOT_ENABLED':
      return { name, status: 'not_requested', divergences: [] };
    case 'NOTHING_REQUIRED': {
      if (!isRequired) return { name, status: 'not_requested', divergences: [] };
      return { name, status: 'unverifiable', divergences: [divergence('nothing_required', pointer)] };
    }
    case 'PASS':
      return { name, status: 'passed', divergences: [] };
    case 'FAIL': {
      const divergences = decided.failures.map((failure) =>
        divergence(failure.code.toLowerCase(), failurePointer(failure, examination, pointer), failure.artifact_type),
      );
      return { name, status: 'failed', divergences: divergences.slice(0, MAX_DIVERGENCES) };
    }
  }
}

function failurePointer(
  failure: GovernanceEnforcement['failures'][number],
  { reading }: GovernanceExamination,
  pointer: string,
): string {
  if (failure.code === 'UNLISTED_CONTENT') return `${pointer}/governance_artifacts`;
  if (reading.status === 'invalid' && failure.code === reading.code) return `${pointer}${reading.pointer}`;
  if (failure.index === null) return pointer;
  return `${pointer}${formatPointer([MANIFEST_MEMBER, 'artifacts', failure.index])}`;
}

function divergence(code: string, pointer: string, expected: string | null = null): Divergence {
  return { code, pointer, record: null, expected, found: null };
}
