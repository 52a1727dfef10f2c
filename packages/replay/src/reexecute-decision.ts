import { canonicalize, digestValue, type JsonObject } from '@exoarmur/canonical';
import {
  type ActionIntent,
  actionIntentSchema,
  type Decision,
  type Digest,
  decisionSchema,
  type EngineIdentity,
  INTENT_DIGEST_DOMAIN,
  InvariantError,
  POLICY_SET_DIGEST_DOMAIN,
  type PolicyEvaluator,
  type PolicySet,
} from '@exoarmur/contracts';
import { findDifference } from './json-difference.ts';

/** Why a decision cannot be taken again. It says nothing about whether it was right. */
export type UndecidableCode = 'engine_unknown' | 'evaluator_failed' | 'payload_withheld' | 'policy_withheld';

/** Where the second decision parts from the recorded one. `pointer` leads into the decision. */
export interface DecisionDivergence {
  readonly code: 'decision_diverges' | 'policy_digest_mismatch';
  readonly pointer: string;
  /** What comes out now. */
  readonly expected: string | null;
  /** What was recorded. */
  readonly found: string | null;
}

/** The answer to {@link reexecuteDecision}. */
export type ReexecutionVerdict =
  | { readonly outcome: 'same' }
  | ({ readonly outcome: 'diverges' } & DecisionDivergence)
  | {
      readonly outcome: 'undecidable';
      readonly code: UndecidableCode;
      readonly pointer: string;
      readonly expected: string | null;
      readonly found: string | null;
    };

/** A recorded decision with what it read; undefined for what was withheld. Both have to be of their shape to be read. */
export interface ReexecutionInput {
  readonly intent: JsonObject | undefined;
  readonly decision: JsonObject | undefined;
  readonly policySetOf: (digest: Digest) => PolicySet | undefined;
  readonly evaluator: PolicyEvaluator;
}

/**
 * Takes a recorded decision again, from the recorded intent, facts and policy set, and compares canonical bytes. Another
 * engine, a withheld payload or policy set and a failing evaluator leave the question open; they never answer it.
 */
export async function reexecuteDecision(input: ReexecutionInput): Promise<ReexecutionVerdict> {
  const { evaluator } = input;
  const intent = readIntent(input.intent);
  const decision = readDecision(input.decision);
  if (intent === undefined || decision === undefined) return open('payload_withheld', '', 'intent and decision', null);
  if (canonicalize(decision.engine) !== canonicalize(evaluator.engine)) {
    return open('engine_unknown', '/engine', nameOf(evaluator.engine), nameOf(decision.engine));
  }
  const policySet = input.policySetOf(decision.policy_digest);
  if (policySet === undefined) return open('policy_withheld', '/policy_digest', decision.policy_digest, null);
  // SECURITY: the evaluator may remember what it compiled by digest; it never gets to see a set under a digest not its own.
  const policyDigest = digestValue(POLICY_SET_DIGEST_DOMAIN, policySet);
  if (policyDigest !== decision.policy_digest) {
    const [expected, found] = [decision.policy_digest, policyDigest];
    return { outcome: 'diverges', code: 'policy_digest_mismatch', pointer: '/policy_digest', expected, found };
  }
  const again = await decideAgain(evaluator, { intent, facts: decision.facts, policySet, policyDigest });
  if (again === undefined) return open('evaluator_failed', '', null, null);
  const difference = findDifference(again, decision);
  return difference === undefined
    ? { outcome: 'same' }
    : { outcome: 'diverges', code: 'decision_diverges', ...difference };
}

/** Asks the evaluator; undefined when it breaks its promise to answer. */
export async function decideAgain(
  evaluator: PolicyEvaluator,
  request: {
    readonly intent: ActionIntent;
    readonly facts: Decision['facts'];
    readonly policySet: PolicySet;
    readonly policyDigest: Digest;
  },
): Promise<Decision | undefined> {
  try {
    return await evaluator.evaluate({ ...request, intentDigest: digestValue(INTENT_DIGEST_DOMAIN, request.intent) });
  } catch (error) {
    // The port promises a decision for every input; an evaluator that breaks the promise has given no answer.
    if (error instanceof InvariantError) throw error;
    return undefined;
  }
}

/** A disclosed intent in its original form, if it has its shape. */
export function readIntent(value: JsonObject | undefined): ActionIntent | undefined {
  return value !== undefined && actionIntentSchema.safeParse(value).success
    ? (value as unknown as ActionIntent)
    : undefined;
}

/** A disclosed decision in its original form, if it has its shape. */
export function readDecision(value: JsonObject | undefined): Decision | undefined {
  return value !== undefined && decisionSchema.safeParse(value).success ? (value as unknown as Decision) : undefined;
}

function open(
  code: UndecidableCode,
  pointer: string,
  expected: string | null,
  found: string | null,
): ReexecutionVerdict {
  return { outcome: 'undecidable', code, pointer, expected, found };
}

function nameOf(engine: EngineIdentity): string {
  return `${engine.name} ${engine.version} ${engine.digest}`;
}
