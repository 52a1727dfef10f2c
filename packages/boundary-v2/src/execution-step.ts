import { copyFixed, digestValue } from '@exoarmur/canonical';
import {
  type CloseReason,
  type Decision,
  type Digest,
  type ExecutorHost,
  type Grant,
  type HostedOutcome,
  type LimitBreach,
  MAX_CARRIED_DEPTH,
  MAX_REPORT_BYTES,
  type Outcome,
  type OutcomeStatus,
  outcomeSchema,
  RESULT_DIGEST_DOMAIN,
} from '@exoarmur/contracts';
import type { ActionEnd } from './action-result.ts';
import { type ActionRun, closeAction } from './action-run.ts';
import type { ActionStream } from './action-stream.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { releaseBudgets } from './budgets.ts';
import { isBoundaryError } from './errors.ts';
import { createGrant, digestGrant, redeemGrant } from './grant.ts';
import { doubt } from './host-answers.ts';
import { raiseAlert } from './refusal.ts';

const CLOSE_REASON: { readonly [Status in OutcomeStatus]: CloseReason } = {
  succeeded: 'executed',
  failed: 'execution_failed',
  ambiguous: 'execution_ambiguous',
};

/**
 * Steps 6 to 8 of an action that is allowed and whose target is valid: the grant becomes durable, is redeemed, and the
 * executor runs. From the redemption on nothing is thrown: the caller learns what is known, recorded or not.
 */
export async function authorizeAndExecute(run: ActionRun, decision: Decision): Promise<ActionEnd> {
  const { context, snapshot, stream } = run;
  const { clock, random, limits } = context;
  const host = context.selectHost(snapshot.intent.action_type);
  const executor = host.identity;
  const grant = createGrant({ decision, executor, clock, random, ttlSeconds: limits.grantTtlSeconds });
  // INVARIANT: the executor is reached only past this line, and this line resolves only when the grant is durable.
  await stream.append('execution_authorized', grant, undefined, [grant.expires_at]);
  const grantDigest = digestGrant(grant);
  const refused = await tryRedeem(run, grant, grantDigest);
  const hosted = refused ?? (await runHosted(host, run));
  const end = await finishExecution(run, readOutcome(snapshot.digest, grantDigest, hosted));
  // What an executor was asked for is used up, whatever it says of it; here none was.
  if (refused !== undefined && end.status === 'failed') {
    await releaseBudgets(context.budgets, snapshot.digest, limits.storeTimeoutMs);
  }
  return end;
}

/** What a host answers. One that throws has told nothing, and the effect may have happened. */
async function runHosted(host: ExecutorHost, { snapshot, cancel }: ActionRun): Promise<HostedOutcome> {
  try {
    return await host.run(snapshot.intent, cancel);
  } catch {
    // SECURITY: whatever comes out of a host after the redemption is doubt, never an error that looks like nothing happened.
    return doubt('BOUNDARY_EXECUTOR_THREW');
  }
}

/** The outcome as a record can hold it; an answer that no record can hold, or that throws when it is read, is doubt. */
function readOutcome(intentDigest: Digest, grantDigest: Digest, hosted: HostedOutcome): Outcome {
  try {
    const outcome = createOutcome(intentDigest, grantDigest, hosted);
    const isClear = (outcome.status === 'succeeded') === (outcome.error_code === null);
    if (isClear && outcomeSchema.safeParse(outcome).success) return outcome;
  } catch {
    // SECURITY: the effect may have happened, so whatever an answer does to its reader is doubt about the answer.
  }
  return createOutcome(intentDigest, grantDigest, notRun('ambiguous', 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'));
}

/** What is read of a host's answer. */
const CARRIED = { maxBytes: MAX_REPORT_BYTES, maxDepth: MAX_CARRIED_DEPTH };

/**
 * The outcome of a grant, with the digest over what is claimed and what was observed, each read once. Throws whatever the
 * answer does, and CanonicalError for what has no canonical form of bounded size.
 */
export function createOutcome(intentDigest: Digest, grantDigest: Digest, hosted: HostedOutcome): Outcome {
  const { status, errorCode, claimed, observed, breaches } = hosted;
  const result = copyFixed({ claimed, observed }, CARRIED) as Pick<Outcome, 'claimed' | 'observed'>;
  const met = breaches === undefined ? [] : (copyFixed(breaches.slice(0, 16), CARRIED) as unknown as LimitBreach[]);
  return {
    schema: 'exoarmur.outcome/1',
    intent_digest: intentDigest,
    grant_digest: grantDigest,
    status,
    error_code: errorCode,
    result_digest: digestValue(RESULT_DIGEST_DOMAIN, result),
    ...result,
    ...(met.length === 0 ? {} : { breaches: met }),
  };
}

/** Closes a stream whose outcome is recorded. */
export function closeExecuted(run: Pick<ActionRun, 'stream'>, status: OutcomeStatus): Promise<ActionEnd> {
  return closeAction(run.stream, CLOSE_REASON[status], '');
}

/** Undefined when the grant was redeemed for this run; otherwise the outcome of not running. */
async function tryRedeem(run: ActionRun, grant: Grant, recordedDigest: Digest): Promise<HostedOutcome | undefined> {
  const { context, snapshot, cancel } = run;
  const { clock, grants } = context;
  const { digest: intentDigest } = snapshot;
  const { decision_digest: decisionDigest } = grant;
  try {
    await redeemGrant({
      ...{ grant, recordedDigest, intentDigest, decisionDigest, clock },
      executor: context.selectHost(snapshot.intent.action_type).identity,
      store: grants,
    });
    return cancel?.aborted ? notRun('failed', 'BOUNDARY_CANCELLED') : undefined;
  } catch (error) {
    const code = isBoundaryError(error) ? error.code : 'BOUNDARY_GRANT_STORE_UNAVAILABLE';
    // Whoever else used the grant up knows what happened; here it is only known that this run did nothing.
    return notRun(code === 'BOUNDARY_GRANT_REDEEMED' ? 'ambiguous' : 'failed', code);
  }
}

async function finishExecution(run: ActionRun, outcome: Outcome): Promise<ActionEnd> {
  const { stream } = run;
  const summary = {
    stream: stream.id,
    intentDigest: stream.intentDigest,
    decision: stream.latest('verdict_resolved') ?? null,
    isClosed: false,
  };
  const reached = stream.recordedCount;
  try {
    stream.stage('execution_completed', outcome);
    const end = await closeExecuted(run, outcome.status);
    await alertIfAmbiguous(run.context, stream, outcome);
    return end;
  } catch {
    // SECURITY: log, clock and randomness may fail in any way; none of them makes what may have happened look undone.
    const recordCount = stream.recordedCount;
    if (recordCount > reached) {
      await alertIfAmbiguous(run.context, stream, outcome);
      return { ...summary, recordCount, ...readResultOfOutcome(outcome) };
    }
    // The effect may have happened and the log does not say so: that is doubt, and never a plain failure to retry.
    await raiseAlert(run.context, {
      ...{ kind: 'outcome_unrecorded', stream: stream.id, intentDigest: stream.intentDigest },
      code: 'BOUNDARY_OUTCOME_UNRECORDED',
    });
    return {
      ...summary,
      recordCount,
      status: 'ambiguous',
      code: 'BOUNDARY_OUTCOME_UNRECORDED',
      outcome,
      resolution: null,
    };
  }
}

/** Doubt needs a person. The record is there before anybody is called. */
export async function alertIfAmbiguous(
  context: BoundaryContext,
  stream: ActionStream,
  outcome: Outcome,
): Promise<void> {
  if (outcome.status !== 'ambiguous') return;
  const code = outcome.error_code ?? 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED';
  await raiseAlert(context, { kind: 'outcome_ambiguous', stream: stream.id, intentDigest: stream.intentDigest, code });
}

function readResultOfOutcome(outcome: Outcome) {
  const code = outcome.error_code ?? 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED';
  switch (outcome.status) {
    case 'succeeded':
      return { status: 'completed', outcome } as const;
    case 'failed':
      return { status: 'failed', code, outcome } as const;
    case 'ambiguous':
      return { status: 'ambiguous', code, outcome, resolution: null } as const;
  }
}

function notRun(status: 'failed' | 'ambiguous', errorCode: string): HostedOutcome {
  return { status, errorCode, claimed: {}, observed: {} };
}
