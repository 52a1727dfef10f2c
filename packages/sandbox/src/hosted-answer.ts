import { canonicalizeToBytes, type JsonValue } from '@exoarmur/canonical';
import {
  asLine,
  type EffectPreview,
  effectPreviewSchema,
  type HostedCheck,
  type HostedOutcome,
  jsonObjectSchema,
  MAX_CARRIED_DEPTH,
  MAX_REASON_LENGTH,
  MAX_REPORT_BYTES,
  outcomeSchema,
  type TargetVerdict,
  targetVerdictSchema,
} from '@exoarmur/contracts';
import type { ConfinedResult } from './confined-run.ts';
import type { ConfinedFailureCode, ConfinedRefusalCode } from './errors.ts';

/** What redacts nothing. */
export function asItIs(text: string): string {
  return text;
}

/** The same result, redacted, if its answer is then one that a record and the bundle around it can hold. */
export function carried(result: ConfinedResult, redact: (text: string) => string): ConfinedResult {
  if (result.outcome !== 'answered') return result;
  try {
    const answer = redact === asItIs ? result.answer : redacted(result.answer, redact);
    canonicalizeToBytes(answer, { maxBytes: MAX_REPORT_BYTES, maxDepth: MAX_CARRIED_DEPTH });
    return { outcome: 'answered', answer };
  } catch {
    // SECURITY: `redact` throws whatever it likes; what it could not go through is not told.
    return { outcome: 'failed', code: 'SANDBOX_ANSWER_MALFORMED', breaches: [] };
  }
}

/** A copy of an answer with every text of it, names of members included, gone through. Throws whatever `redact` throws. */
function redacted(value: JsonValue, redact: (text: string) => unknown): JsonValue {
  const read = (text: string): string => {
    const told = redact(text);
    if (typeof told === 'string') return told;
    ignoreRejection(told);
    throw new TypeError('what is redacted is a text');
  };
  const walk = (member: JsonValue): JsonValue => {
    if (typeof member === 'string') return read(member);
    if (Array.isArray(member)) return member.map(walk);
    if (typeof member !== 'object' || member === null) return member;
    return Object.fromEntries(Object.entries(member).map(([name, inner]) => [read(name), walk(inner as JsonValue)]));
  };
  return walk(value);
}

/** A promise where none is expected: nobody waits for it, and rejected it would end this process. */
export function ignoreRejection(given: unknown): void {
  if (given instanceof Promise) given.catch(() => undefined);
}

/** What a confined executor says of a target. */
export function readCheck(result: ConfinedResult): HostedCheck {
  if (result.outcome !== 'answered') return refuse('invalid', 'the executor gave no answer', result.code);
  const { result: verdict, reason, evidence } = asObject(result.answer);
  const parsed = targetVerdictSchema.safeParse(verdict);
  const kept = jsonObjectSchema.safeParse(evidence);
  if (!parsed.success || !kept.success || typeof reason !== 'string') {
    return refuse('invalid', 'the executor gave an unreadable answer', 'SANDBOX_ANSWER_MALFORMED');
  }
  return { result: parsed.data, reason: asLine(reason, MAX_REASON_LENGTH), evidence: kept.data };
}

/** What an effect would be; null when there is no such answer. */
export function readPreview(result: ConfinedResult): EffectPreview | null {
  return result.outcome === 'answered' ? (effectPreviewSchema.safeParse(result.answer).data ?? null) : null;
}

/** What came of an act of a confined executor. */
export function readOutcome(result: ConfinedResult): HostedOutcome {
  // Not started: it is known that nothing happened.
  if (result.outcome === 'refused') return failed(result.code);
  if (result.outcome === 'failed') {
    const { code, breaches } = result;
    const doubt = { status: 'ambiguous', errorCode: code, claimed: {}, observed: {} } as const;
    return breaches.length === 0 ? doubt : { ...doubt, breaches };
  }
  const { success, error_code, claimed, observed } = asObject(result.answer);
  const errorCode = outcomeSchema.shape.error_code.safeParse(error_code);
  const [claim, seen] = [claimed, observed].map((value) => jsonObjectSchema.safeParse(value).data);
  // A success with an error, or a failure without one, says nothing that can be relied on.
  if (!errorCode.success || success !== (errorCode.data === null) || claim === undefined || seen === undefined) {
    return { status: 'ambiguous', errorCode: 'SANDBOX_ANSWER_MALFORMED', claimed: {}, observed: {} };
  }
  return { status: success ? 'succeeded' : 'failed', errorCode: errorCode.data, claimed: claim, observed: seen };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The outcome of an act that was not begun. */
export function failed(errorCode: ConfinedRefusalCode): HostedOutcome {
  return { status: 'failed', errorCode, claimed: {}, observed: {} };
}

/** The answer about a target for which there is none of the executor. */
export function refuse(
  result: TargetVerdict,
  reason: string,
  code: ConfinedRefusalCode | ConfinedFailureCode,
): HostedCheck {
  return { result, reason, evidence: { code } };
}
