import {
  type ActionResult,
  type BundleOptions,
  type ExecuteOptions,
  type PendingAction,
  type ProxyPipeline,
  snapshotIntent,
} from '@exoarmur/boundary-v2';
import { parseTime } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type Clock,
  type Decision,
  type Digest,
  type DowngradeOverride,
  type ExecutorHost,
  isIdentifier,
  type RandomSource,
  type SwitchCommand,
} from '@exoarmur/contracts';
import { readAction } from './action-reader.ts';
import { type AnswerListeners, type AnswersTaken, takeAnswers } from './answers.ts';
import { type BoundaryParts, openParts } from './boundary-parts.ts';
import { type RecoveryReport, recoverStreams } from './boundary-recovery.ts';
import type { BoundaryConfig } from './config.ts';
import { SdkError } from './errors.ts';
import { assertConfined } from './flags.ts';
import { isWaitingAfter, listOpenStreams } from './open-streams.ts';
import { pause } from './pause.ts';
import { readExecuteOptions } from './read-options.ts';

/**
 * Starts a boundary from one configuration: checks all of it, opens what it names, and brings the actions that a crash left
 * open to their end without running anything. What is missing or wrong keeps it from starting.
 * @throws SdkError SDK_CONFIG_INVALID, SDK_FILE_UNREADABLE, SDK_KEY_EXPOSED, SDK_FLAG_UNSUPPORTED, SDK_FLAG_UNMET,
 * SDK_POLICY_MISMATCH, SDK_POLICY_NOT_IN_FORCE, SDK_PRESENCE_UNAVAILABLE, each with the place in the configuration; PolicyError for a set that is not sound; LogStoreError for a store that cannot be opened
 */
export async function createBoundary(config: BoundaryConfig): Promise<Boundary> {
  const parts = await openParts(config);
  try {
    const boundary = new Boundary(parts);
    await boundary.recover();
    return boundary;
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/**
 * One tenant's boundary with everything it stands on. It owns what it opened: `close` it, or declare it with `await using`.
 */
export class Boundary implements AsyncDisposable {
  readonly tenant: string;
  readonly cell: string;
  /** Verifier key of log and bundles; give it to whoever is to verify. */
  readonly vkey: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly #parts: BoundaryParts;
  readonly #base: ProxyPipeline;
  readonly #byActionType = new Map<string, ProxyPipeline>();
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @internal Use {@link createBoundary}. */
  constructor(parts: BoundaryParts) {
    this.tenant = parts.tenant;
    this.cell = parts.cell;
    this.vkey = parts.vkey;
    this.clock = parts.clock;
    this.random = parts.random;
    this.#parts = parts;
    this.#base = parts.createPipeline(parts.hosts);
    for (const type of parts.hosts.flatMap(({ actionTypes }) => actionTypes)) this.#byActionType.set(type, this.#base);
  }

  /** Digest of the policy set that governed last, with what bundle and flags added. */
  get policyDigest(): Digest {
    return this.#parts.policy.latest.decisionPoint.policyDigest;
  }

  /** Takes an intent all the way. @throws BoundaryError as ProxyPipeline.execute; SdkError SDK_BOUNDARY_CLOSED, SDK_CALL_MALFORMED, SDK_PRESENCE_UNAVAILABLE */
  execute(intent: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    return this.#run(async () => {
      const known = readExecuteOptions(options);
      const snapshot = snapshotIntent(intent);
      const { intent_id, action_type } = snapshot.intent;
      return this.#working(intent_id, () => this.#pipelineOf(action_type).execute(snapshot.intent, known));
    });
  }

  /** The decision that would be taken now. No record, no effect; undefined when no decision can be had. */
  decide(intent: unknown): Promise<Decision | undefined> {
    return this.#run(async () => {
      const snapshot = snapshotIntent(intent);
      return this.#pipelineOf(snapshot.intent.action_type).decide(snapshot.intent);
    });
  }

  /** Takes a signed answer to the request of an action. @throws BoundaryError as ProxyPipeline.submitApproval */
  submitApproval(stream: string, envelope: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    return this.#run(async () => {
      const known = readExecuteOptions(options);
      assertStream(stream);
      const pipeline = await this.#pipelineOfStream(stream);
      return this.#working(stream, () => pipeline.submitApproval(stream, envelope, known));
    });
  }

  /**
   * Takes an approval back that its giver no longer stands by, with the `approval` itself where it was not submitted yet.
   * @throws BoundaryError as ProxyPipeline.revokeApproval
   */
  revokeApproval(stream: string, envelope: unknown, approval?: unknown): Promise<ActionResult> {
    return this.#run(async () => {
      assertStream(stream);
      return this.#working(stream, () => this.#base.revokeApproval(stream, envelope, approval));
    });
  }

  /** Records what a person found out about an ambiguous action. @throws BoundaryError as ProxyPipeline.resolve */
  resolve(stream: string, envelope: unknown): Promise<ActionResult> {
    return this.#run(async () => {
      assertStream(stream);
      return this.#working(stream, () => this.#base.resolve(stream, envelope));
    });
  }

  /** Takes in what an operator agrees to in advance. @throws BoundaryError as ProxyPipeline.addStandingGrant */
  addStandingGrant(envelope: unknown): Promise<Digest> {
    return this.#run(() => this.#base.addStandingGrant(envelope));
  }

  /** Revokes a standing grant for good. @throws BoundaryError as ProxyPipeline.revokeStandingGrant */
  revokeStandingGrant(digest: Digest, revokedBy: string): Promise<void> {
    return this.#run(() => this.#base.revokeStandingGrant(digest, revokedBy));
  }

  /**
   * Puts a signed policy bundle in force, on record, or refuses it on record; decisions from the next one on stand on it. Other
   * processes of the cell follow. @throws BoundaryError as activatePolicyBundle; SdkError SDK_CONFIG_INVALID where the policies do not
   * come as bundles
   */
  activatePolicyBundle(envelope: unknown, override?: DowngradeOverride): Promise<void> {
    return this.#run(() => this.#parts.policy.activate(envelope, override));
  }

  /** Obeys a signed switch command, or refuses it on record. @throws BoundaryError as obeySwitchCommand */
  obeySwitchCommand(envelope: unknown): Promise<SwitchCommand> {
    return this.#run(() => this.#parts.obeySwitch(envelope));
  }

  /**
   * Takes the answers that people have put into the tray for one action, if there are any. One that could not be judged, because
   * the store or the registry did not answer, stays in the tray for the next look.
   * @throws the fault after which nobody knows that the action still waits
   */
  async takeAnswers(stream: string, options: ExecuteOptions & AnswerListeners = {}): Promise<AnswersTaken> {
    const known = { ...options, ...readExecuteOptions(options) };
    assertStream(stream);
    const taker = {
      submitApproval: this.submitApproval.bind(this),
      revokeApproval: this.revokeApproval.bind(this),
      isWaiting: this.#isWaiting.bind(this),
    };
    return takeAnswers(this.#parts.storage.answers, taker, stream, known);
  }

  /**
   * Waits until an action that waits for people does so no longer: answers are taken from the tray as they come, and what is
   * submitted by other ways counts too. Answers that could not be judged are looked at again.
   * @throws the reason of the signal; what takeAnswers throws
   */
  async settle(
    pending: ActionResult,
    options: ExecuteOptions & AnswerListeners & { readonly pollMs?: number } = {},
  ): Promise<ActionResult> {
    const { pollMs = 250, ...looking } = options;
    const { signal } = readExecuteOptions(looking);
    let current = pending;
    while (current.status === 'pending_approval') {
      signal?.throwIfAborted();
      const { result } = await this.takeAnswers(current.stream, looking);
      current = result ?? (await this.#look(current));
      if (current.status === 'pending_approval') await pause(pollMs, signal);
    }
    return current;
  }

  /** The intent of an action that was begun, as recorded; undefined for an unknown one and for one that was erased. */
  findIntent(stream: string): Promise<ActionIntent | undefined> {
    return this.#run(async () => (await readAction(this.#parts.storage.log, this.tenant, stream))?.intent);
  }

  /** The proof bundle of any action of this boundary, also of one that another process performed. */
  bundle(stream: string, options: BundleOptions = {}): Promise<Uint8Array> {
    return this.#run(async () => {
      assertStream(stream);
      return this.#parts.bundle(stream, options);
    });
  }

  /**
   * Brings the actions to an end that a crash left open, and those that waited too long. Never runs an executor, and leaves
   * alone what a living boundary of this machine works on.
   */
  recover(): Promise<RecoveryReport> {
    return this.#run(async () => {
      const { storage, tenant, cell } = this.#parts;
      return recoverStreams(listOpenStreams(storage.log, { tenant, cell }), {
        isWorkedOn: (stream) => storage.presence?.isWorkedOn(stream) ?? this.#isRunning,
        recover: (stream) => this.#working(stream, () => this.#base.recover(stream)),
      });
    });
  }

  /**
   * Adds a host whose actions go through this boundary from now on.
   * @throws SdkError SDK_TOOL_TAKEN when somebody performs one of its action types already, SDK_FLAG_UNMET
   */
  attach(host: ExecutorHost): void {
    const taken = host.actionTypes.find((type) => this.#byActionType.has(type));
    if (taken !== undefined) throw new SdkError('SDK_TOOL_TAKEN', `${taken} is performed by another executor already`);
    assertConfined(this.#parts.flags, [host], '');
    const pipeline = this.#parts.createPipeline([host]);
    for (const type of host.actionTypes) this.#byActionType.set(type, pipeline);
  }

  /** Waits for what is under way, then gives everything back. Calls after it are refused. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.allSettled(this.#running);
      try {
        await this.#parts.log.close();
      } finally {
        await this.#parts.close();
      }
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #isRunning(): boolean {
    return this.#running.size > 1;
  }

  #pipelineOf(actionType: string): ProxyPipeline {
    return this.#byActionType.get(actionType) ?? this.#base;
  }

  async #pipelineOfStream(stream: string): Promise<ProxyPipeline> {
    const action = await readAction(this.#parts.storage.log, this.tenant, stream);
    return this.#pipelineOf(action?.intent?.action_type ?? '');
  }

  async #isWaiting(stream: string): Promise<boolean> {
    try {
      const { records } = await this.#run(() => this.#parts.log.collect(stream));
      return isWaitingAfter(records.at(-1)?.kind);
    } catch {
      // A log may fail in any way, and then nothing is known.
      return false;
    }
  }

  /** What became of an action that waited when one last looked. */
  async #look(pending: ActionResult & PendingAction): Promise<ActionResult> {
    const isLate = parseTime(pending.request.expires_at) <= this.#parts.clock.now();
    const { records } = await this.#run(() => this.#parts.log.collect(pending.stream));
    const isClosed = records.at(-1)?.kind === 'stream_closed';
    if (!isLate && !isClosed) return pending;
    return this.#run(() => this.#working(pending.stream, () => this.#base.recover(pending.stream)));
  }

  async #working(stream: string, work: () => Promise<ActionResult>): Promise<ActionResult> {
    const release = this.#parts.storage.presence?.mark(stream);
    try {
      const result = await work();
      return { ...result, bundle: (options = {}) => this.bundle(result.stream, options) };
    } finally {
      release?.();
    }
  }

  #run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#closing !== undefined) {
      return Promise.reject(new SdkError('SDK_BOUNDARY_CLOSED', 'the boundary is closed'));
    }
    const running = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }
}

/** @throws SdkError SDK_STREAM_UNKNOWN for what can be the name of no action */
function assertStream(stream: unknown): asserts stream is string {
  if (!isIdentifier(stream)) throw new SdkError('SDK_STREAM_UNKNOWN', 'no action has a name like this');
}
