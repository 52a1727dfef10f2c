import { isDigest } from '@exoarmur/canonical';
import type {
  GovernanceCode,
  GovernanceEnforcement,
  GovernanceManifestEntry,
  GovernancePolicy,
  VerificationReport,
} from '@exoarmur/contracts';
import type { GovernanceExamination } from './examination.ts';

type Failure = GovernanceEnforcement['failures'][number];

/** What enforcement is decided from. */
export interface EnforcementInput {
  readonly enabled: boolean;
  readonly coreVerdict: VerificationReport['verify_verdict'];
  /** The operator's policy. A manifest may add to it and never take away. */
  readonly policy: GovernancePolicy | undefined;
  readonly examination: GovernanceExamination;
}

/** Decides by the truth table of spec/governance-artifacts.md, "Enforcement": whatever is required and not valid fails. */
export function decideEnforcement({
  enabled,
  coreVerdict,
  policy,
  examination,
}: EnforcementInput): GovernanceEnforcement {
  const policyTypes = [...new Set(policy?.required_types ?? [])].sort();
  const base = { enabled, core_verdict: coreVerdict, policy_required_types: policyTypes };
  if (!enabled) return { ...base, outcome: 'NOT_ENABLED', required_total: 0, required_satisfied: 0, failures: [] };
  const { reading, unlisted, report } = examination;
  const entries = reading.status === 'valid' ? reading.manifest.artifacts : [];
  const missing = policyTypes.filter((type) => !entries.some((entry) => entry.artifact_type === type));
  const isRequired = (entry: GovernanceManifestEntry): boolean =>
    entry.required_for_verdict || policyTypes.includes(entry.artifact_type);
  const failures: Failure[] = [];
  if (reading.status === 'invalid') failures.push(about(reading.code));
  if (reading.status !== 'invalid' && !examination.isIntact) failures.push(about('NOT_REACHED'));
  const code = reading.status === 'absent' ? 'MANIFEST_ABSENT' : 'REQUIRED_TYPE_MISSING';
  for (const artifact_type of missing) failures.push({ ...about(code), artifact_type });
  for (const key of unlisted)
    failures.push({ ...about('UNLISTED_CONTENT'), artifact_hash: isDigest(key) ? key : null });
  let satisfied = 0;
  entries.forEach((entry, index) => {
    if (!isRequired(entry)) return;
    const found = report.semantic_verification.results[index]?.code ?? 'NOT_REACHED';
    const { artifact_type, artifact_hash } = entry;
    if (found === 'SEMANTIC_VALID') satisfied += 1;
    else failures.push({ index, artifact_type, artifact_hash, code: found });
  });
  const total = entries.filter(isRequired).length + missing.length;
  const outcome = failures.length > 0 ? 'FAIL' : total === 0 ? 'NOTHING_REQUIRED' : 'PASS';
  return { ...base, outcome, required_total: total, required_satisfied: satisfied, failures };
}

function about(code: GovernanceCode): Failure {
  return { index: null, artifact_type: null, artifact_hash: null, code };
}
