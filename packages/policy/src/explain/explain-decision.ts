import { digestValue } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalRequirement,
  type Decision,
  type Facts,
  INTENT_DIGEST_DOMAIN,
  type PolicySet,
} from '@exoarmur/contracts';
import { createCedarEvaluator } from '../cedar-evaluator.ts';
import { approvalRequirementOf } from '../decision.ts';
import { listIds } from '../internal/listing.ts';
import { digestPolicySet } from '../policy-set.ts';
import { createPolicyProbe, type HeldPolicies } from './policy-probe.ts';

/** A decision with what led to it, for a person. */
export interface Explanation {
  readonly decision: Decision;
  readonly policies: number;
  /** Null when the request never reached the policies; `decision.pdp.rationale` says why. */
  readonly held: HeldPolicies | null;
  /** The `@advice` of every policy that determined the verdict, in the order of their ids. */
  readonly advice: readonly { readonly policy: string; readonly text: string }[];
  /** Who has to agree, when somebody has to. */
  readonly requirement: ApprovalRequirement | null;
}

/**
 * Decides and tells the whole path: what was looked at, which policies hold even where the verdict does not name them, what
 * the gate added, what the authors of the policies advise. Pure. @throws PolicyError POLICY_SET_REFUSED, POLICY_REQUEST_MALFORMED
 */
export async function explainDecision(policySet: PolicySet, intent: ActionIntent, facts: Facts): Promise<Explanation> {
  const probe = createPolicyProbe(policySet);
  try {
    const decision = await createCedarEvaluator().evaluate({
      intent,
      intentDigest: digestValue(INTENT_DIGEST_DOMAIN, intent),
      facts,
      policySet,
      policyDigest: digestPolicySet(policySet),
    });
    const determining = new Set(decision.pdp.determining_policies);
    return {
      decision,
      policies: probe.policies.length,
      held: probe.ask(intent, facts) ?? null,
      advice: probe.policies.flatMap(({ id, json }) => {
        const text = json.annotations?.advice;
        return determining.has(id) && typeof text === 'string' ? [{ policy: id, text }] : [];
      }),
      requirement: approvalRequirementOf(decision, intent),
    };
  } finally {
    probe.release();
  }
}

/** An explanation in lines for a person, without a final newline. Texts of policies are put in as they are. */
export function formatExplanation({ decision, policies, held, advice, requirement }: Explanation): string {
  const { pdp, safety } = decision;
  const lines = [`verdict    ${decision.verdict}`, `policies   ${pdp.verdict} - ${pdp.rationale}`];
  if (held !== null) {
    lines.push(`           ${held.considered} of ${policies} could concern it`);
    for (const [title, ids] of [
      ['permit', held.permits],
      ['forbid', held.forbids],
      ['ask for approval', held.demands],
      ['erred', held.errored],
    ] as const) {
      if (ids.length > 0) lines.push(`           ${title}: ${listIds(ids)}`);
    }
  }
  for (const { policy, text } of advice) lines.push(`advice     \`${policy}\`: ${text.replace(/\s+/g, ' ')}`);
  const rules = safety.rule_ids.length === 0 ? '' : ` (${safety.rule_ids.join(', ')})`;
  lines.push(`gate       ${safety.verdict} - ${safety.rationale}${rules}`);
  lines.push(`resolution ${decision.resolution_rules_applied.join(', ')}`);
  if (requirement !== null) lines.push(`approval   ${formatRequirement(requirement)}`);
  return lines.join('\n');
}

function formatRequirement({ kind, quorum, roles, ttl_seconds }: ApprovalRequirement): string {
  const who = kind === 'human' ? 'one person' : `${quorum} people`;
  const held = roles.length === 0 ? '' : ` with the roles ${roles.join(', ')}`;
  return `${who}${held}, within ${ttl_seconds} s`;
}
