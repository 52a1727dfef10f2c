import {
  type ActionIntent,
  type ApprovalFact,
  type ApprovalRequest,
  type Decision,
  type Digest,
  isExoArmurError,
  type JsonObject,
  type PolicySet,
  type SealedRecord,
  type StreamEvidence,
} from '@exoarmur/contracts';
import type { ActionEnd } from './action-result.ts';
import { decide, decideAndAct, runAction } from './action-steps.ts';
import { ActionStream } from './action-stream.ts';
import { verifyApproval } from './approval.ts';
import { type BoundaryContext, type BoundaryOptions, createContext } from './boundary-context.ts';
import { buildBundle } from './bundle-builder.ts';
import { BoundaryError } from './errors.ts';
import { type IntentSnapshot, snapshotIntent } from './intent-snapshot.ts';
import { expireIfLate, recoverAction } from './recovery.ts';

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

  /** @throws BoundaryError BOUNDARY_CONFIG_INVALID */
  constructor(options: BoundaryOptions) {
    this.#context = createContext(options);
    this.#keepPolicySet();
  }

  /**
   * Takes an intent all the way. `input` is JSON text, JSON bytes or a plain object, and is read once. The same intent
   * again gives the recorded result, never a second effect.
   * @throws BoundaryError BOUNDARY_INTENT_MALFORMED, BOUNDARY_INTENT_TOO_LARGE, BOUNDARY_SCOPE_MISMATCH: nothing recorded;
   * BOUNDARY_INTENT_ID_REUSED for a known id with other content; BOUNDARY_ACTION_UNFINISHED when a crash or another
   * process left the stream open (see recover); BOUNDARY_LOG_UNAVAILABLE: not recorded, so nothing was executed.
   */
  async execute(input: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    const snapshot = this.#snapshot(input);
    const end = await this.#once(snapshot.intent.intent_id, snapshot.digest, () =>
      this.#start(snapshot, options.signal),
    );
    return this.#withBundle(end);
  }

  /** The decision that would be taken now. No record, no effect; undefined when no decision can be had. */
  async decide(input: unknown): Promise<Decision | undefined> {
    return decide(this.#context, this.#snapshot(input), []);
  }

  /**
   * Takes a signed answer to the open request of a stream. Once enough people agreed the action is decided again on the
   * facts of that moment and goes on; one denial ends it.
   * @throws BoundaryError BOUNDARY_SCOPE_MISMATCH for a stream of another cell, BOUNDARY_ACTION_NOT_WAITING and, each with its own code, every refused answer, which changes nothing
   */
  async submitApproval(stream: string, envelope: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    const evidence = await this.#collect(stream);
    const digest = this.#resume(evidence).intentDigest;
    // Answers to one stream are taken one after the other, or two could both be the last one needed.
    while (this.#running.has(stream)) await this.#running.get(stream)?.end.catch(() => undefined);
    const end = await this.#once(stream, digest, () => this.#answer(stream, envelope, options.signal));
    return this.#withBundle(end);
  }

  /**
   * What became of an action, brought to an end if a crash left it open; never runs an executor. Only for streams that no
   * running boundary is working on. @throws BoundaryError BOUNDARY_SCOPE_MISMATCH for a stream of another cell, or the
   * log's own error for an unknown stream
   */
  async recover(stream: string): Promise<ActionResult> {
    const evidence = await this.#collect(stream);
    const opened = this.#resume(evidence);
    const end = await this.#once(stream, opened.intentDigest, async () => recoverAction(this.#context, opened));
    return this.#withBundle(end);
  }

  get #actionLog() {
    return { sink: this.#context.log, clock: this.#context.clock };
  }

  #snapshot(input: unknown): IntentSnapshot {
    const snapshot = snapshotIntent(input);
    const { tenant, cell } = this.#context;
    const { tenant_id, cell_id } = snapshot.intent;
    if (tenant_id !== tenant || cell_id !== cell) {
      const pointer = tenant_id === tenant ? '/cell_id' : '/tenant_id';
      throw new BoundaryError('BOUNDARY_SCOPE_MISMATCH', 'intent is for another tenant or cell', { pointer });
    }
    return snapshot;
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
      this.#keepPolicySet();
      const stream = ActionStream.begin(this.#actionLog, intent);
      try {
        return await runAction({ context: this.#context, snapshot, stream, cancel });
      } catch (error) {
        const isOther = stream.state.count === 0 && (await this.#isOther(error, snapshot));
        throw isOther ? reused() : error;
      }
    }
    const stream = ActionStream.resume(this.#actionLog, evidence);
    if (stream.intentDigest !== digest) throw reused();
    if (stream.state.phase === 'waiting') return expireIfLate(this.#context, stream);
    if (stream.state.phase === 'closed') return recoverAction(this.#context, stream);
    throw new BoundaryError('BOUNDARY_ACTION_UNFINISHED', 'the action was begun and has no end yet');
  }

  /** Whether another process was faster to begin an action of this id, and a different one. */
  async #isOther(error: unknown, { intent, digest }: IntentSnapshot): Promise<boolean> {
    if (!(error instanceof BoundaryError) || error.code !== 'BOUNDARY_ACTION_UNFINISHED') return false;
    const evidence = await this.#findStream(intent.intent_id);
    return evidence !== undefined && ActionStream.resume(this.#actionLog, evidence).intentDigest !== digest;
  }

  async #answer(id: string, envelope: unknown, cancel: AbortSignal | undefined): Promise<ActionEnd> {
    const stream = this.#resume(await this.#collect(id));
    const request = stream.latest('approval_requested');
    const intent = stream.latest('intent_received');
    if (stream.state.phase !== 'waiting' || request === undefined || intent === undefined) {
      throw new BoundaryError('BOUNDARY_ACTION_NOT_WAITING', 'the action waits for no approval');
    }
    const late = await expireIfLate(this.#context, stream);
    if (late.status !== 'pending_approval') return late;
    const { clock, operators } = this.#context;
    const answered = await this.#readAnswers(stream, intent, request);
    const approval = await verifyApproval(envelope, { request, intent, operators, answered, clock });
    await stream.append(
      'approval_decided',
      { schema: 'exoarmur.approval-decided/1', approval_digest: approval.digest, envelope: approval.envelope },
      { type: 'human', id: approval.fact.approver_id },
    );
    if (approval.fact.verdict === 'deny') return expireIfLate(this.#context, stream);
    const approvals = [...answered, approval.fact];
    if (approvals.length < request.requirement.quorum) return expireIfLate(this.#context, stream);
    this.#keepPolicySet();
    return decideAndAct({ context: this.#context, snapshot: snapshotIntent(intent), stream, cancel }, approvals);
  }

  /** Answers to the latest request that hold now: an operator revoked since, or an approval expired since, is out. */
  async #readAnswers(stream: ActionStream, intent: ActionIntent, request: ApprovalRequest): Promise<ApprovalFact[]> {
    const { clock, operators } = this.#context;
    const answered: ApprovalFact[] = [];
    for (const { envelope } of stream.answers()) {
      try {
        answered.push((await verifyApproval(envelope, { request, intent, operators, answered, clock })).fact);
      } catch (error) {
        if (!(error instanceof BoundaryError) || error.code === 'BOUNDARY_OPERATORS_UNAVAILABLE') throw error;
      }
    }
    return answered;
  }

  #collect(stream: string): Promise<StreamEvidence> {
    return this.#context.log.collect(stream);
  }

  async #findStream(stream: string): Promise<StreamEvidence | undefined> {
    try {
      return await this.#collect(stream);
    } catch (cause) {
      if (isExoArmurError(cause) && cause.code === 'AUDIT_STREAM_NOT_FOUND') return undefined;
      throw new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', 'the log does not answer', { cause });
    }
  }

  /** Bundles carry the policy sets they were decided under, so every set that was in force here is kept. */
  #keepPolicySet(): void {
    const { policyDigest, policySet } = this.#context.decisionPoint;
    this.#policySets.set(policyDigest, policySet);
  }

  #withBundle(end: ActionEnd): ActionResult {
    const { decisionPoint, signer } = this.#context;
    const bundle = async (options: BundleOptions = {}) => {
      const evidence = await this.#collect(end.stream);
      const { policyDigest, engine } = decisionPoint;
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
