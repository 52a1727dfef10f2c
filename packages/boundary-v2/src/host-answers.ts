import { canonicalizeToBytes, parseJson } from '@exoarmur/canonical';
import {
  asLine,
  type EffectPreview,
  type ExecutorHost,
  effectPreviewSchema,
  type HostedCheck,
  type HostedOutcome,
  type JsonObject,
  MAX_CARRIED_DEPTH,
  MAX_REASON_LENGTH,
  MAX_REPORT_BYTES,
  type TargetVerdict,
  targetVerdictSchema,
} from '@exoarmur/contracts';
import type { Settled } from './deadline.ts';

/** What an executor, or a host that hands it on, says of a target. Anything but a clear answer of bounded size is a refusal. */
export function readCheck(answer: unknown): HostedCheck {
  const copy = copyJsonObject(answer);
  const result = targetVerdictSchema.safeParse(copy?.result);
  const evidence = asJsonObject(copy?.evidence);
  if (!result.success || evidence === undefined || typeof copy?.reason !== 'string') {
    return refuseTarget('invalid', 'the executor gave an unreadable answer', 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED');
  }
  return { result: result.data, reason: asLine(copy.reason, MAX_REASON_LENGTH), evidence };
}

/** The preview that an answer is, copied; null for anything else. */
export function readPreview(answer: unknown): EffectPreview | null {
  const parsed = effectPreviewSchema.safeParse(copyJsonObject(answer));
  return parsed.success ? parsed.data : null;
}

/** A refusal of a target by the boundary itself. */
export function refuseTarget(result: TargetVerdict, reason: string, code: string): HostedCheck {
  return { result, reason, evidence: { code } };
}

/** SECURITY: whoever throws or is silent has not said that the target is valid. */
export function refuseUnanswered(outcome: Exclude<Settled<never>['outcome'], 'returned'>): HostedCheck {
  return outcome === 'timed_out'
    ? refuseTarget('invalid', 'the executor did not answer in time', 'BOUNDARY_EXECUTOR_TIMEOUT')
    : refuseTarget('invalid', 'the executor failed to answer', 'BOUNDARY_EXECUTOR_THREW');
}

/** What came of a run that told nothing: nobody knows. */
export function doubt(errorCode: string): HostedOutcome {
  return { status: 'ambiguous', errorCode, claimed: {}, observed: {} };
}

const ownHosts = new WeakSet<ExecutorHost>();

/** Fixes a host of this package, which answers in time and reads what its executor answers itself, so that nobody does it twice. */
export function noteOwnHost(host: ExecutorHost): ExecutorHost {
  ownHosts.add(Object.freeze(host));
  return host;
}

/** Whether a host is the very one that {@link noteOwnHost} fixed. */
export function isOwnHost(host: ExecutorHost): boolean {
  return ownHosts.has(host);
}

/** A copy of a plain JSON object of bounded size, made before any member is looked at; undefined for anything else. */
export function copyJsonObject(value: unknown): JsonObject | undefined {
  try {
    return asJsonObject(
      parseJson(canonicalizeToBytes(value, { maxBytes: MAX_REPORT_BYTES, maxDepth: MAX_CARRIED_DEPTH })),
    );
  } catch {
    // SECURITY: the traps of a hostile proxy throw whatever they like, so here every error means garbage.
    return undefined;
  }
}

/** A member of a copy, which holds plain JSON only. */
export function asJsonObject(member: unknown): JsonObject | undefined {
  return typeof member === 'object' && member !== null && !Array.isArray(member) ? (member as JsonObject) : undefined;
}
