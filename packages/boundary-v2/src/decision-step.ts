import { canonicalize, fixValue, hasPassed, notePassed } from '@exoarmur/canonical';
import { type Decision, decisionSchema, type Facts, factsSchema, type PolicyDecisionPoint } from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import { canBeWritten } from './facts.ts';
import type { IntentSnapshot } from './intent-snapshot.ts';

const factlessSchema = decisionSchema.omit({ facts: true });

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
  const settled = await settleWithin(timeoutMs, async () => {
    // Read before the decision is asked for, so that a set activated meanwhile cannot be passed off for it.
    const { policyDigest } = decisionPoint;
    const decision = readDecision(await decisionPoint.decide({ intent, intentDigest, facts }), facts);
    return decision?.policy_digest === policyDigest ? decision : undefined;
  });
  const decision = settled.outcome === 'returned' ? settled.value : undefined;
  return decision?.intent_digest === intentDigest ? decision : undefined;
}

/** What an answer says of these facts, copied; undefined for one that says it of others and for one that is no decision. */
function readDecision(answer: unknown, facts: Facts): Decision | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  // SECURITY: each member is read once. A getter could answer otherwise when it is asked again.
  const { facts: stated, ...rest } = answer as Decision;
  const parsed = factlessSchema.safeParse(rest);
  if (!parsed.success || !(stated === facts || canonicalize(stated) === canonicalize(facts))) return undefined;
  // What cannot be written down cannot be recorded either; of the facts it is known.
  if (!canBeWritten(parsed.data)) return undefined;
  const decision: Decision = fixValue({ ...parsed.data, facts });
  if (hasPassed(facts, factsSchema)) notePassed(decision, decisionSchema);
  return decision;
}
