import { canonicalize, digestValue, type JsonObject } from '@exoarmur/canonical';
import {
  type ActionIntent,
  actionIntentSchema,
  type Decision,
  decisionSchema,
  type EngineIdentity,
  INTENT_DIGEST_DOMAIN,
  InvariantError,
  POLICY_SET_DIGEST_DOMAIN,
  type PolicyEvaluator,
} from '@exoarmur/contracts';
import type { Check } from './check.ts';
import { findDifference } from './json-difference.ts';
import { type BundleRecord, type ParsedBundle, payloadPointer } from './parsed-bundle.ts';

/**
 * Would it be decided the same again: every `verdict_resolved` is decided anew from the recorded intent, facts and policy
 * set, and has to come out as the same bytes. Another engine than ours, a withheld payload or policy set leave the
 * question open; they never answer it.
 */
export async function checkDecisions(
  parsed: ParsedBundle,
  evaluator: PolicyEvaluator | undefined,
  check: Check,
): Promise<void> {
  const decisions = [...parsed.records.entries()].filter(([, { record }]) => record.kind === 'verdict_resolved');
  if (decisions.length === 0) check.gap('decision_missing', { pointer: '/records' });
  if (evaluator === undefined) {
    check.gap('no_evaluator');
    return;
  }
  for (const [index, entry] of decisions) await checkDecision(parsed, entry, index, evaluator, check);
}

async function checkDecision(
  parsed: ParsedBundle,
  entry: BundleRecord,
  index: number,
  evaluator: PolicyEvaluator,
  check: Check,
): Promise<void> {
  const pointer = payloadPointer(entry.record);
  const intent = readPayload(
    parsed.records.find(({ record }) => record.kind === 'intent_received'),
    actionIntentSchema,
  );
  const recorded = readPayload(entry, decisionSchema);
  if (intent === undefined || recorded === undefined) {
    check.gap('payload_withheld', { pointer, record: index, expected: 'intent and decision' });
    return;
  }
  const decision = recorded as unknown as Decision;
  if (!isSameEngine(decision.engine, evaluator.engine)) {
    const [expected, found] = [nameOf(evaluator.engine), nameOf(decision.engine)];
    check.gap('engine_unknown', { pointer: `${pointer}/engine`, record: index, expected, found });
    return;
  }
  const { policies } = parsed.bundle;
  const policySet = Object.hasOwn(policies, decision.policy_digest) ? policies[decision.policy_digest] : undefined;
  if (policySet === undefined) {
    check.gap('policy_withheld', {
      pointer: `${pointer}/policy_digest`,
      record: index,
      expected: decision.policy_digest,
    });
    return;
  }
  // SECURITY: the evaluator may remember what it compiled by digest; it never gets to see a set under a digest not its own.
  const policyDigest = digestValue(POLICY_SET_DIGEST_DOMAIN, policySet);
  if (policyDigest !== decision.policy_digest) {
    const expected = decision.policy_digest;
    check.fail('policy_digest_mismatch', {
      pointer: `/policies/${expected}`,
      record: index,
      expected,
      found: policyDigest,
    });
    return;
  }
  const request = {
    intent: intent as unknown as ActionIntent,
    intentDigest: digestValue(INTENT_DIGEST_DOMAIN, intent),
    facts: decision.facts,
    policySet,
    policyDigest,
  };
  const again = await evaluate(evaluator, request);
  if (again === undefined) {
    check.gap('evaluator_failed', { pointer, record: index });
    return;
  }
  const difference = findDifference(again, decision);
  if (difference === undefined) return;
  const { expected, found } = difference;
  check.fail('decision_diverges', { pointer: `${pointer}${difference.pointer}`, record: index, expected, found });
}

interface PayloadSchema {
  safeParse(value: unknown): { readonly success: boolean };
}

/** The payload of a record in its original form, if it is disclosed and of its shape. */
function readPayload(entry: BundleRecord | undefined, schema: PayloadSchema): JsonObject | undefined {
  const value = entry?.payload?.value;
  return value !== undefined && schema.safeParse(value).success ? (value as JsonObject) : undefined;
}

async function evaluate(
  evaluator: PolicyEvaluator,
  request: Parameters<PolicyEvaluator['evaluate']>[0],
): Promise<Decision | undefined> {
  try {
    return await evaluator.evaluate(request);
  } catch (error) {
    // The port promises a decision for every input; an evaluator that breaks the promise has given no answer.
    if (error instanceof InvariantError) throw error;
    return undefined;
  }
}

function isSameEngine(recorded: EngineIdentity, ours: EngineIdentity): boolean {
  return canonicalize(recorded) === canonicalize(ours);
}

function nameOf(engine: EngineIdentity): string {
  return `${engine.name} ${engine.version} ${engine.digest}`;
}
