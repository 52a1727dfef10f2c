import type {
  ActionIntent,
  Decision,
  Digest,
  JsonObject,
  PolicyDecisionPoint,
  PolicySet,
  SealedRecord,
  StreamEvidence,
} from '@exoarmur/contracts';
import type { ActionEnd } from './action-result.ts';
import { endOf } from './action-run.ts';
import { decide, runAction } from './action-steps.ts';
import { ActionStream } from './action-stream.ts';
import { takeApproval, takeRevocation } from './approval-intake.ts';
import { type BoundaryContext, type BoundaryOptions, createContext, type Governance } from './boundary-context.ts';
import { buildBundle } from './bundle-builder.ts';
import { BoundaryError, codeOf, isBoundaryError } from './errors.ts';
import { assertScope, type IntentSnapshot, snapshotIntent } from './intent-snapshot.ts';
import { expireIfLate, recoverAction } from './recovery.ts';
import { type Attempt, recordingRefusal } from './refusal.ts';
import { takeResolution } from './resolution.ts';
import { supersede } from './revision.ts';
import { settleAction } from './settlement.ts';
import { addStandingGrant, revokeStandingGrant } from './standing-grant-intake.ts';
import { answerWithin, collectEvidence, readAsIs } from './store-answers.ts';

/** What became of an action, with the way to its proof bundle. */
export type ActionResult = ActionEnd & {
  /** Collects the stream and builds its proof bundle 3. @throws BoundaryError as buildBundle, or the log's own error. */
  bundle(options?: BundleOptions): Promise<Uint8Array>;
};

/** What to leave out of a bundle, and what to add to it. */
export interface BundleOptions {
  readonly disclose?: (record: SealedRecord) => boolean;
  readonly artifacts?: JsonObject;
}

/** Options of one call. */
export interface ExecuteOptions {
  /** Gives the action up. Before the authorisation nothing happens; after it the outcome says what is known. */
  readonly signal?: AbortSignal;
}

/**
 * The only way from an intent to an effect: the eight steps of docs/boundary.md, driven by the trail's rule book. One
 * instance serves one tenant of one cell, and any number of actions at once.
 */
export class ProxyPipeline {
  readonly #context: BoundaryContext;
  readonly #running = new Map<string, { readonly digest: Digest; readonly end: Promise<ActionEnd> }>();
  readonly #policySets = new Map<Digest, PolicySet>();
  #inForce: PolicyDecisionPoint;

  /** @throws BoundaryError BOUNDARY_CONFIG_INVALID */
  constructor(options: BoundaryOptions) {
    const { govern, decisionPoint } = options;
    this.#inForce = decisionPoint;
    this.#context = createContext(
      govern === undefined
        ? options
        : {
            ...options,
            govern: () => {
              const answer = govern();
              return answer instanceof Promise
                ? answer.then((governance) => this.#keepGovernance(governance))
                : this.#keepGovernance(answer);
            },
          },
    );
    this.#keepPolicySet();
  }

  /**
   * Takes an intent all the way. `input` is JSON text, JSON bytes or a plain object, and is read once. The same intent
   * again gives the recorded result, never a second effect.
   * @throws BoundaryError BOUNDARY_INTENT_MALFORMED, BOUNDARY_INTENT_TOO_LARGE, BOUNDARY_SCOPE_MISMATCH: nothing recorded;
   * BOUNDARY_INTENT_ID_REUSED for a known id with other content; BOUNDARY_ACTION_UNFINISHED when a crash or another
   * process left the stream open (see recover); BOUNDARY_LOG_UNAVAILABLE: not recorded, so nothing was executed;
   * BOUNDARY_CLOCK_UNAVAILABLE, BOUNDARY_RANDOM_UNAVAILABLE: nothing was executed, and no end could be recorded either.
   */
  async execute(input: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    const attempt = { attempt: 'intent', stream: null, input } as const;
    const end = await recordingRefusal(this.#context, attempt, async () => {
      const snapshot = this.#snapshot(input);
      return this.#once(snapshot.intent.intent_id, snapshot.digest, () => this.#start(snapshot, options.signal));
    });
    return this.#withBundle(end);
  }

  /** The decision that would be taken now. No record, no effect; undefined when no decision can be had. */
  async decide(input: unknown): Promise<Decision | undefined> {
    return decide(this.#context, this.#snapshot(input), [], 'read');
  }

  /**
   * Takes a signed answer to the open request of a stream. Once enough people agreed the action is decided again on the
   * facts of that moment and goes on; one denial ends it.
   * @throws BoundaryError BOUNDARY_SCOPE_MISMATCH for a stream of another cell, BOUNDARY_ACTION_NOT_WAITING and, each with its
   * own code, every refused answer, which changes nothing and is recorded
   */
  async submitApproval(stream: string, envelope: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    return this.#takeIn({ attempt: 'approval', stream, input: envelope }, (opened) =>
      takeApproval(this.#context, opened, envelope, options.signal),
    );
  }

  /**
   * Takes an approval back that its giver no longer stands by, as long as the action waits; a denial stands. One that was not
   * submitted yet is given as `approval`: both are recorded in one go, and no copy of it counts any more.
   * @throws BoundaryError as submitApproval; BOUNDARY_APPROVAL_UNKNOWN when a good revocation has nothing to take back
   */
  async revokeApproval(stream: string, envelope: unknown, approval?: unknown): Promise<ActionResult> {
    return this.#takeIn({ attempt: 'approval_revocation', stream, input: envelope }, (opened) =>
      takeRevocation(this.#context, opened, envelope, approval),
    );
  }

  /**
   * Records what a person found out about an ambiguous action, once. Runs nothing, changes no outcome.
   * @throws BoundaryError BOUNDARY_NOT_AMBIGUOUS, BOUNDARY_RESOLUTION_MISMATCH, and as submitApproval
   */
  async resolve(stream: string, envelope: unknown): Promise<ActionResult> {
    return this.#takeIn({ attempt: 'resolution', stream, input: envelope }, (opened) =>
      takeResolution(this.#context, opened, envelope),
    );
  }

  /**
   * Takes in what an operator agrees to in advance, and records it. Answers the digest by which it is known.
   * @throws BoundaryError BOUNDARY_CONFIG_INVALID without a store, BOUNDARY_STANDING_GRANT_UNFIT, and as submitApproval
   */
  async addStandingGrant(envelope: unknown): Promise<Digest> {
    return recordingRefusal(this.#context, { attempt: 'standing_grant', stream: null, input: envelope }, () =>
      addStandingGrant(this.#context, envelope),
    );
  }

  /**
   * Revokes a standing grant for good, and records who did. For the operator of the cell, who holds the store.
   * @throws BoundaryError BOUNDARY_CONFIG_INVALID without a store, BOUNDARY_STANDING_GRANT_UNKNOWN
   */
  async revokeStandingGrant(digest: Digest, revokedBy: string): Promise<void> {
    await revokeStandingGrant(this.#context, digest, revokedBy);
  }

  /**
   * What became of an action, brought to an end if a crash left it open; never runs an executor. Only for streams that no
   * running boundary is working on. @throws BoundaryError BOUNDARY_SCOPE_MISMATCH for a stream of another cell, or the
   * log's own error for an unknown stream
   */
  async recover(stream: string): Promise<ActionResult> {
    const evidence = await this.#collect(stream);
    const opened = this.#resume(evidence);
    const end = await this.#once(stream, opened.intentDigest, async () => {
      return this.#conclude(opened, await recoverAction(this.#context, opened));
    });
    return this.#withBundle(end);
  }

  /**
   * Enters an open request in the inbox again, or takes out one that is not open any more; writes no record. Over the streams
   * of a log it builds a lost index anew. @throws BoundaryError BOUNDARY_SCOPE_MISMATCH, or the log's own error
   */
  async reindex(stream: string): Promise<void> {
    const opened = this.#resume(await this.#collect(stream));
    if (opened.state.phase === 'waiting') await this.#index(opened, endOf(opened));
    else await this.#context.inbox?.remove(stream);
  }

  #snapshot(input: unknown): IntentSnapshot {
    const snapshot = snapshotIntent(input);
    assertScope(snapshot.intent, this.#context);
    return snapshot;
  }

  get #actionLog() {
    const { log, clock, limits } = this.#context;
    return { sink: log, clock, timeoutMs: limits.logTimeoutMs };
  }

  /** What people hand in for one stream: one after the other, or two answers could both be the last one needed. */
  async #takeIn(
    attempt: Attempt & { readonly stream: string },
    work: (opened: ActionStream) => Promise<ActionEnd>,
  ): Promise<ActionResult> {
    const { stream } = attempt;
    const digest = this.#resume(await this.#collect(stream)).intentDigest;
    while (this.#running.has(stream)) await this.#running.get(stream)?.end.catch(() => undefined);
    const end = await this.#once(stream, digest, () =>
      recordingRefusal(this.#context, attempt, async () => {
        this.#keepPolicySet();
        const opened = this.#resume(await this.#collect(stream));
        return this.#conclude(opened, await work(opened));
      }),
    );
    return this.#withBundle(end);
  }

  /** What follows from where an action has come to; none of it can change that. */
  async #conclude(stream: ActionStream, end: ActionEnd): Promise<ActionEnd> {
    await settleAction(this.#context, stream);
    return this.#index(stream, end);
  }

  /** The index of what waits follows the records. It proves nothing and can be built again, so it stops no action. */
  async #index(opened: ActionStream, end: ActionEnd): Promise<ActionEnd> {
    const { inbox } = this.#context;
    const { id: stream, correlation, requestedAt } = opened;
    if (inbox === undefined || requestedAt === undefined) return end;
    try {
      if (end.status !== 'pending_approval') await inbox.remove(stream);
      else await inbox.put({ stream, correlation, requestedAt, request: end.request });
    } catch {
      // An index may fail in any way; what it would say is in the log.
    }
    return end;
  }

  /** A stream of this boundary's own. A record of this cell in a stream of another one would make that one unlawful for good. */
  #resume(evidence: StreamEvidence): ActionStream {
    const { tenant, cell } = this.#context;
    const [first] = evidence.records;
    if (first !== undefined && (first.tenant !== tenant || first.cell !== cell)) {
      const pointer = first.tenant === tenant ? '/cell' : '/tenant';
      throw new BoundaryError('BOUNDARY_SCOPE_MISMATCH', 'the stream is of another tenant or cell', { pointer });
    }
    return ActionStream.resume(this.#actionLog, evidence);
  }

  /** One run per stream at a time in this process; who asks for the same action meanwhile gets the same end. */
  async #once(stream: string, digest: Digest, work: () => Promise<ActionEnd>): Promise<ActionEnd> {
    const running = this.#running.get(stream);
    if (running !== undefined) {
      if (running.digest !== digest) throw reused();
      return running.end;
    }
    const end = work().finally(() => this.#running.delete(stream));
    this.#running.set(stream, { digest, end });
    return end;
  }

  async #start(snapshot: IntentSnapshot, cancel: AbortSignal | undefined): Promise<ActionEnd> {
    const { intent, digest } = snapshot;
    const evidence = await this.#findStream(intent.intent_id);
    if (evidence === undefined) {
      if (intent.revises !== undefined) await this.#supersede(intent, intent.revises.intent_id);
      this.#keepPolicySet();
      const stream = ActionStream.begin(this.#actionLog, intent);
      try {
        return await this.#conclude(stream, await runAction({ context: this.#context, snapshot, stream, cancel }));
      } catch (error) {
        const isOther = stream.state.count === 0 && (await this.#isOther(error, snapshot));
        throw isOther ? reused() : error;
      }
    }
    const stream = this.#resume(evidence);
    if (stream.intentDigest !== digest) throw reused();
    if (stream.state.phase === 'waiting') return this.#conclude(stream, await expireIfLate(this.#context, stream));
    if (stream.state.phase === 'closed') return this.#conclude(stream, await recoverAction(this.#context, stream));
    throw new BoundaryError('BOUNDARY_ACTION_UNFINISHED', 'the action was begun and has no end yet');
  }

  async #supersede(intent: ActionIntent, revised: string): Promise<void> {
    const evidence = await this.#findStream(revised);
    const old = evidence === undefined ? undefined : this.#resume(evidence);
    await supersede(intent, old);
    if (old !== undefined) await settleAction(this.#context, old);
    await this.#context.inbox?.remove(revised).catch(() => undefined);
  }

  /** Whether another process was faster to begin an action of this id, and a different one. */
  async #isOther(error: unknown, { intent, digest }: IntentSnapshot): Promise<boolean> {
    if (!isBoundaryError(error) || error.code !== 'BOUNDARY_ACTION_UNFINISHED') return false;
    const evidence = await this.#findStream(intent.intent_id);
    return evidence !== undefined && ActionStream.resume(this.#actionLog, evidence).intentDigest !== digest;
  }

  #collect(stream: string): Promise<StreamEvidence> {
    return collectEvidence(this.#context.log, stream, this.#context.limits.logTimeoutMs);
  }

  async #findStream(stream: string): Promise<StreamEvidence | undefined> {
    const { log, limits } = this.#context;
    const asking = { timeoutMs: limits.logTimeoutMs, code: 'BOUNDARY_LOG_UNAVAILABLE' } as const;
    try {
      const isThere =
        log.has === undefined || (await answerWithin(asking, async () => log.has?.(stream), readAsIs)) !== false;
      return isThere ? await this.#collect(stream) : undefined;
    } catch (cause) {
      if (codeOf(cause) === 'AUDIT_STREAM_NOT_FOUND') return undefined;
      if (isBoundaryError(cause)) throw cause;
      throw new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', 'the log does not answer', { cause });
    }
  }

  /** Bundles carry the policy sets they were decided under, so every set that was in force here is kept. */
  #keepPolicySet(): void {
    const { policyDigest, policySet } = this.#context.decisionPoint;
    this.#policySets.set(policyDigest, policySet);
  }

  #keepGovernance(governance: Governance): Governance {
    const { policyDigest, policySet } = governance.decisionPoint;
    this.#policySets.set(policyDigest, policySet);
    this.#inForce = governance.decisionPoint;
    return governance;
  }

  #withBundle(end: ActionEnd): ActionResult {
    const { signer } = this.#context;
    const bundle = async (options: BundleOptions = {}) => {
      const evidence = await this.#collect(end.stream);
      const { policyDigest, engine } = this.#inForce;
      return buildBundle({
        ...{ evidence, signer, policySets: this.#policySets, inForce: { policyDigest, engine } },
        ...(options.disclose === undefined ? {} : { disclose: options.disclose }),
        ...(options.artifacts === undefined ? {} : { artifacts: options.artifacts }),
      });
    };
    return { ...end, bundle };
  }
}

function reused(): BoundaryError {
  return new BoundaryError('BOUNDARY_INTENT_ID_REUSED', 'this intent id stands for another intent', {
    pointer: '/intent_id',
  });
}
