import { canonicalize } from '@exoarmur/canonical';
import {
  type Decision,
  decisionSchema,
  type Facts,
  isExoArmurError,
  type PolicyDecisionPoint,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import type { IntentSnapshot } from './intent-snapshot.ts';

/**
 * Asks the decision point and takes its answer only if it is a decision about this intent, these facts and the policy set
 * in force. Undefined for a fault, a time-out or anything else: then there is no decision, and nothing is done.
 */
export async function takeDecision(options: {
  readonly decisionPoint: PolicyDecisionPoint;
  readonly snapshot: IntentSnapshot;
  readonly facts: Facts;
  readonly timeoutMs: number;
}): Promise<Decision | undefined> {
  const { decisionPoint, snapshot, facts, timeoutMs } = options;
  const { intent, digest: intentDigest } = snapshot;
  // Read before the decision is asked for, so that a set activated meanwhile cannot be passed off for it.
  const { policyDigest } = decisionPoint;
  const settled = await settleWithin(timeoutMs, () => decisionPoint.decide({ intent, intentDigest, facts }));
  if (settled.outcome !== 'returned') return undefined;
  const parsed = decisionSchema.safeParse(settled.value);
  if (!parsed.success) return undefined;
  const decision = parsed.data;
  if (decision.intent_digest !== intentDigest || decision.policy_digest !== policyDigest) return undefined;
  // SECURITY: a getter could answer otherwise than it did to the schema, so these facts, frozen, stand in the decision.
  if ((settled.value as Decision).facts === facts) return { ...decision, facts };
  return isSame(decision.facts, facts) ? decision : undefined;
}

function isSame(a: Facts, b: Facts): boolean {
  try {
    return canonicalize(a) === canonicalize(b);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return false;
  }
}
