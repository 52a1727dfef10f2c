import { CanonicalError, type Digest, digestValue, hasPassed } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalRequirement,
  actionIntentSchema,
  type Decision,
  type DecisionRequest,
  factsSchema,
  INTENT_DIGEST_DOMAIN,
  type PdpResult,
  pointToProblem,
} from '@exoarmur/contracts';
import { mergeRequirements } from './approval-requirement.ts';
import { CEDAR_ENGINE } from './cedar/identity.ts';
import { PolicyError } from './errors.ts';
import { evaluateSafetyGate, safetyRequirementOf } from './gate/safety-gate.ts';
import { resolveVerdict } from './verdict-resolution.ts';

/**
 * Refuses a request that could not be recorded as it is, before anything is decided on it.
 * @throws PolicyError POLICY_REQUEST_MALFORMED, also when the digest is not that of the intent
 */
export function assertDecisionRequest({ intent, intentDigest, facts }: DecisionRequest): void {
  assertPasses(actionIntentSchema, intent, 'intent');
  assertPasses(factsSchema, facts, 'facts');
  let digest: Digest;
  try {
    digest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    throw malformed('the intent', `/intent${error.pointer ?? ''}`, error);
  }
  if (digest !== intentDigest) throw malformed('the intent digest', '/intentDigest');
}

function assertPasses(schema: typeof actionIntentSchema | typeof factsSchema, value: object, name: string): void {
  if (hasPassed(value, schema)) return;
  const checked = schema.safeParse(value);
  if (!checked.success) throw malformed(`the ${name}`, `/${name}${pointToProblem(checked.error)}`);
}

function malformed(subject: string, pointer: string, cause?: unknown): PolicyError {
  return new PolicyError('POLICY_REQUEST_MALFORMED', `${subject} cannot be decided on as it is`, { pointer, cause });
}

/** Composes the decision from the policies' answer: gate, resolution, and everything both have read. Pure. */
export function composeDecision(request: DecisionRequest, pdp: PdpResult, policyDigest: Digest): Decision {
  const { intent, intentDigest, facts } = request;
  const safety = evaluateSafetyGate(facts, intent, pdp);
  const { verdict, rule } = resolveVerdict(pdp.verdict, safety.verdict);
  return {
    schema: 'exoarmur.decision/1',
    intent_digest: intentDigest,
    verdict,
    pdp,
    safety,
    resolution_rules_applied: [rule],
    policy_digest: policyDigest,
    engine: CEDAR_ENGINE,
    facts,
  };
}

/**
 * Who has to agree before the action of a waiting decision may run: what the policies and the gate demand, merged to the
 * strictest. Null when the decision is final.
 */
export function approvalRequirementOf(decision: Decision, intent: ActionIntent): ApprovalRequirement | null {
  if (decision.verdict === 'allow' || decision.verdict === 'deny') return null;
  const demands = [decision.pdp.approval_requirement, safetyRequirementOf(decision.safety, intent)];
  return mergeRequirements(demands.flatMap((demand) => (demand === null ? [] : [demand])));
}
