import { digestBytes, digestValue } from '@exoarmur/canonical';
import type { Decision, DecisionRequest, EngineIdentity, PolicyEvaluator, PolicySet } from '@exoarmur/contracts';

/** A tiny evaluator with the properties of a real one: pure, total, and told apart by its identity. */
export const ENGINE: EngineIdentity = {
  name: 'prefix-rule',
  version: '1.0.0',
  digest: digestBytes('exoarmur.engine/1', new TextEncoder().encode('prefix-rule')),
};

/** The set whose one policy names the prefix under which everything is allowed. */
export const POLICY_SET: PolicySet = {
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  policies: { p: '/ok' },
  cedar_schema: '',
};

/** Allows targets under the prefix; transfers additionally need one approval; everything else is denied. */
export function decide(request: DecisionRequest & { policySet: PolicySet; policyDigest: string }): Decision {
  const { intent, facts } = request;
  const isInside = intent.target.startsWith(request.policySet.policies.p ?? '!');
  const needsPerson = intent.action_type === 'transfer';
  const isApproved = facts.approvals.some((approval) => approval.verdict === 'approve');
  const verdict = !isInside ? 'deny' : needsPerson && !isApproved ? 'require_approval' : 'allow';
  return {
    schema: 'exoarmur.decision/1',
    intent_digest: request.intentDigest,
    verdict,
    pdp: {
      verdict,
      rationale: isInside ? 'inside' : 'outside',
      determining_policies: isInside ? ['p'] : [],
      errored_policies: [],
      approval_requirement:
        isInside && needsPerson ? { kind: 'human', quorum: 1, roles: ['owner'], ttl_seconds: 600 } : null,
    },
    safety: { verdict: 'allow', rationale: 'ok', rule_ids: ['ok'] },
    resolution_rules_applied: ['pdp'],
    policy_digest: digestValue('exoarmur.policy-set/1', request.policySet),
    engine: ENGINE,
    facts,
  };
}

/** The evaluator as a verifier is given it. */
export const evaluator: PolicyEvaluator = {
  engine: ENGINE,
  evaluate: async (request) => decide(request),
};
