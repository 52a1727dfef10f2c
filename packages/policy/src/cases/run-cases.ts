import { digestValue } from '@exoarmur/canonical';
import { INTENT_DIGEST_DOMAIN, type PolicySet, type Verdict } from '@exoarmur/contracts';
import { createDecisionPoint } from '../decision-point.ts';
import { createPolicyProbe } from '../explain/policy-probe.ts';
import { sortUnique } from '../internal/listing.ts';
import type { PolicyCase } from './case-file.ts';

/** What came of one case. */
export interface PolicyCaseResult {
  readonly name: string;
  readonly mustDeny: boolean;
  readonly passed: boolean;
  readonly verdict: Verdict;
  readonly policies: readonly string[];
  readonly rules: readonly string[];
  readonly rationale: string;
  /** What differs from the expectation, one line each; empty when the case passed. */
  readonly differences: readonly string[];
}

/** The answer of {@link runPolicyCases}. */
export interface PolicyCaseReport {
  readonly passed: boolean;
  readonly results: readonly PolicyCaseResult[];
  /** Policies that held in at least one case, and those that held in none. Sorted. */
  readonly coverage: { readonly held: readonly string[]; readonly neverHeld: readonly string[] };
}

/**
 * Decides every case under the set and compares. A case that must be denied passes when the policies alone deny it (verdict
 * `deny` or `defer` of the policies): a denial by the gate would end with the facts that it rests on.
 * @throws PolicyError POLICY_SET_REFUSED for a set that is not sound
 */
export async function runPolicyCases(policySet: PolicySet, cases: readonly PolicyCase[]): Promise<PolicyCaseReport> {
  const point = createDecisionPoint({ policySet });
  const probe = createPolicyProbe(policySet);
  try {
    const results: PolicyCaseResult[] = [];
    const held = new Set<string>();
    for (const one of cases) {
      const { name, intent, facts, expect } = one;
      const decision = await point.decide({ intent, intentDigest: digestValue(INTENT_DIGEST_DOMAIN, intent), facts });
      const { pdp, safety, verdict } = decision;
      const seen = probe.ask(intent, facts);
      for (const id of [...(seen?.permits ?? []), ...(seen?.forbids ?? []), ...(seen?.demands ?? [])]) held.add(id);
      const differences: string[] = [];
      if (expect === null) {
        const isDenied = pdp.verdict === 'deny' || pdp.verdict === 'defer';
        if (!isDenied) differences.push(`the policies must deny, and say ${pdp.verdict}`);
      } else {
        compare(differences, 'verdict', [expect.verdict], [verdict]);
        compare(differences, 'policies', expect.policies, pdp.determining_policies);
        compare(differences, 'rules', expect.rules, safety.rule_ids);
      }
      results.push({
        name,
        mustDeny: expect === null,
        passed: differences.length === 0,
        verdict,
        policies: pdp.determining_policies,
        rules: safety.rule_ids,
        rationale: pdp.verdict === 'allow' && verdict !== 'allow' ? safety.rationale : pdp.rationale,
        differences,
      });
    }
    const neverHeld = probe.policies.map(({ id }) => id).filter((id) => !held.has(id));
    return {
      passed: results.every(({ passed }) => passed),
      results,
      coverage: { held: sortUnique(held), neverHeld },
    };
  } finally {
    probe.release();
  }
}

function compare(
  differences: string[],
  what: string,
  expected: readonly string[] | undefined,
  found: readonly string[],
): void {
  if (expected === undefined) return;
  const [want, have] = [sortUnique(expected), sortUnique(found)];
  if (JSON.stringify(want) !== JSON.stringify(have)) {
    differences.push(`${what}: expected ${want.join(', ') || 'none'}, found ${have.join(', ') || 'none'}`);
  }
}
