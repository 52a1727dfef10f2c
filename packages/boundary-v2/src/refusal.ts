import { canonicalizeToBytes, digestValue, formatTime, parseJson } from '@exoarmur/canonical';
import {
  type Alert,
  type AlertSink,
  ATTEMPT_DIGEST_DOMAIN,
  type AttemptKind,
  type AttemptRefused,
  type CellAuditSink,
  type Clock,
  type Digest,
  dsseEnvelopeSchema,
  identifierSchema,
  type JsonObject,
  MAX_INTENT_BYTES,
} from '@exoarmur/contracts';
import type { BoundaryContext } from './boundary-context.ts';
import { recordFact } from './cell-record.ts';
import { settleWithin } from './deadline.ts';
import { type BoundaryError, isBoundaryError } from './errors.ts';
import { refusedStreamOf } from './reserved-streams.ts';

/** What was tried, and for which stream. */
export interface Attempt {
  readonly attempt: AttemptKind;
  readonly stream: string | null;
  readonly input: unknown;
}

/** Refusals that say something about who sent it, not only about the moment. */
const NOT_RECORDED: ReadonlySet<string> = new Set([
  'BOUNDARY_CLOCK_UNAVAILABLE',
  'BOUNDARY_LOG_UNAVAILABLE',
  'BOUNDARY_RANDOM_UNAVAILABLE',
  'BOUNDARY_OPERATORS_UNAVAILABLE',
  'BOUNDARY_GRANT_STORE_UNAVAILABLE',
  'BOUNDARY_EVIDENCE_INCOMPLETE',
  'BOUNDARY_EVIDENCE_UNLAWFUL',
  'BOUNDARY_ACTION_UNFINISHED',
  'BOUNDARY_CONFIG_INVALID',
  'BOUNDARY_INTENT_MALFORMED',
  'BOUNDARY_INTENT_TOO_LARGE',
  'BOUNDARY_POLICY_STORE_UNAVAILABLE',
  'BOUNDARY_STEP_UNLAWFUL',
  'BOUNDARY_SWITCH_STORE_CORRUPT',
  'BOUNDARY_SWITCH_STORE_UNAVAILABLE',
]);

/** What recording a refusal needs of a boundary. */
export type RefusalContext = Pick<BoundaryContext, 'cell' | 'clock' | 'limits'> & {
  readonly log: CellAuditSink;
  readonly alerts?: AlertSink | undefined;
};

/**
 * Runs what takes an attempt in. A refusal is recorded as a fact of the cell, outside the stream it was for, before it is
 * thrown on. @throws BoundaryError the refusal, or BOUNDARY_LOG_UNAVAILABLE with the refusal as its cause
 */
export async function recordingRefusal<Value>(
  context: RefusalContext,
  attempt: Attempt,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (isBoundaryError(error) && !NOT_RECORDED.has(error.code)) await recordRefusal(context, attempt, error);
    throw error;
  }
}

/** A copy of an envelope that was handed in, so that what is verified is what is kept. What cannot be copied is none. */
export function readOnce(input: unknown): unknown {
  try {
    return structuredClone(input);
  } catch {
    // SECURITY: the traps of a hostile proxy throw whatever they like, so here every error means: nothing that can be read.
    return undefined;
  }
}

async function recordRefusal(context: RefusalContext, attempt: Attempt, refusal: BoundaryError): Promise<void> {
  const { log, cell, limits } = context;
  const value = readInput(attempt.input);
  const stream = identifierSchema.safeParse(attempt.stream ?? value?.intent_id);
  const payload: AttemptRefused = {
    schema: 'exoarmur.attempt-refused/1',
    attempt: attempt.attempt,
    stream: stream.success ? stream.data : null,
    code: refusal.code,
    pointer: (refusal.pointer ?? '').slice(0, 1024),
    attempt_digest: value === undefined ? null : digestValue(ATTEMPT_DIGEST_DOMAIN, value),
    key_ids: readKeyIds(value),
  };
  await recordFact(
    log,
    { stream: refusedStreamOf(cell), actor: { type: 'boundary', id: cell }, kind: 'attempt_refused', payload },
    { what: 'the refusal', timeoutMs: limits.logTimeoutMs, instead: refusal },
  );
  await raiseAlert(context, { kind: 'attempt_refused', stream: payload.stream ?? '', code: refusal.code });
}

/** Calls the operator, if there is somebody to call. Waits no longer than for a store, and never fails. */
export async function raiseAlert(
  { alerts, clock, limits }: Pick<RefusalContext, 'alerts' | 'clock' | 'limits'>,
  alert: Pick<Alert, 'kind' | 'stream' | 'code'> & { readonly intentDigest?: Digest },
): Promise<void> {
  if (alerts === undefined) return;
  await settleWithin(limits.storeTimeoutMs, () =>
    alerts.raise({ intentDigest: null, ...alert, time: readTime(clock) }),
  );
}

/** Whoever is called is called also when nobody knows what time it is. */
function readTime(clock: Clock): string | null {
  try {
    return formatTime(clock.now());
  } catch {
    // A clock of somebody else's may fail in any way.
    return null;
  }
}

/** What was handed in, as far as it is JSON of bounded size; read anew, so that looking at it calls nothing of the sender's. */
function readInput(input: unknown): JsonObject | undefined {
  try {
    const isText = typeof input === 'string' || input instanceof Uint8Array;
    const value = isText
      ? parseJson(input, { maxBytes: MAX_INTENT_BYTES })
      : parseJson(canonicalizeToBytes(input, { maxBytes: MAX_INTENT_BYTES }));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    // SECURITY: the traps of a hostile proxy throw whatever they like, so here every error means: nothing that can be read.
    return undefined;
  }
}

function readKeyIds(input: unknown): string[] {
  const envelope = dsseEnvelopeSchema.safeParse(input);
  return envelope.success ? envelope.data.signatures.slice(0, 8).map(({ keyid }) => keyid) : [];
}
