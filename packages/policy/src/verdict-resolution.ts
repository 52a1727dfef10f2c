import type { PdpVerdict, SafetyVerdict, Verdict } from '@exoarmur/contracts';

/** Rules of the resolution; exactly one applies to each pair of verdicts. */
export type ResolutionRule =
  | 'both_allow'
  | 'default_restrictive_fallback'
  | 'invalid_safety_verdict_treated_as_deny'
  | 'policy_deny_overrides_all'
  | 'policy_require_approval_overrides'
  | 'safety_deny_overrides_all'
  | 'safety_require_human_overrides_allow'
  | 'safety_require_quorum_overrides_allow';

/** The final verdict and the rule that made it. */
export interface Resolution {
  readonly verdict: Verdict;
  readonly rule: ResolutionRule;
}

const SAFETY_VERDICTS: ReadonlySet<string> = new Set<SafetyVerdict>([
  'deny',
  'block',
  'warn',
  'require_quorum',
  'require_human',
  'allow',
]);

/**
 * The final verdict from what the policies and the gate say: the Python ancestor's table of 28 cells
 * (`spec/safety-gate.md`). This is the only place where an `allow` is made, and both must say it.
 */
export function resolveVerdict(pdp: PdpVerdict, safety: SafetyVerdict): Resolution {
  if (!SAFETY_VERDICTS.has(safety)) return { verdict: 'deny', rule: 'invalid_safety_verdict_treated_as_deny' };
  if (pdp === 'deny') return { verdict: 'deny', rule: 'policy_deny_overrides_all' };
  if (safety === 'deny' || safety === 'block') return { verdict: 'deny', rule: 'safety_deny_overrides_all' };
  if (pdp === 'require_approval' && safety !== 'warn') {
    return { verdict: 'require_approval', rule: 'policy_require_approval_overrides' };
  }
  if (pdp === 'allow') {
    if (safety === 'allow') return { verdict: 'allow', rule: 'both_allow' };
    if (safety === 'require_quorum')
      return { verdict: 'require_quorum', rule: 'safety_require_quorum_overrides_allow' };
    if (safety === 'require_human') return { verdict: 'require_human', rule: 'safety_require_human_overrides_allow' };
  }
  return { verdict: 'deny', rule: 'default_restrictive_fallback' };
}
