import { randomBytes } from 'node:crypto';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import {
  type ActionResult,
  type BundleOptions,
  buildBundle,
  createFactSource,
  createOperatorRegistry,
  createTrustedHost,
  type ExecuteOptions,
  obeySwitchCommand,
  ProxyPipeline,
  snapshotIntent,
} from '@exoarmur/boundary-v2';
import { createSigner, parseTime } from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  type Clock,
  type Decision,
  type Digest,
  type ExecutorHost,
  type FlagSet,
  isExoArmurError,
  type OperatorRegistry,
  type PolicyDecisionPoint,
  type RandomSource,
  type SwitchCommand,
} from '@exoarmur/contracts';
import { readAction } from './action-reader.ts';
import type { AnswerTray } from './answer-tray.ts';
import { assertConfig, type BoundaryConfig } from './config.ts';
import { createCountedFacts } from './earned-facts.ts';
import { SdkError } from './errors.ts';
import { applyFlags, assertConfined, flagFactsOf, settleFlags } from './flags.ts';
import { openSwitches, SWITCH_THRESHOLD } from './kept-switches.ts';
import { listOpenStreams } from './open-streams.ts';
import { governFacts } from './policy-facts.ts';
import { openPolicy } from './policy-source.ts';
import { readSigningKey } from './read-file.ts';
import { openStorage, type Storage } from './storage.ts';
import { createToolExecutor } from './tool-executor.ts';

/** What a recovery did, action by action. */
export interface RecoveryReport {
  /** Actions that a crash had left open, and what became of them; waiting ones whose time was up included. */
  readonly recovered: readonly ActionResult[];
  /** Actions that a living boundary works on, which were left alone. */
  readonly leftAlone: readonly string[];
  /** Streams that cannot be brought to an end, and why. */
  readonly refused: readonly { readonly stream: string; readonly code: string }[];
}

/** What became of the answers that lay in the tray for one action. */
export interface AnswersTaken {
  readonly result: ActionResult | undefined;
  /** Codes of the answers that were refused; refused ones are thrown away. */
  readonly refused: readonly string[];
}

/** Refusals that say nothing about the answer: it stays where it is. */
const RETRIED: readonly string[] = [
  'BOUNDARY_ACTION_UNFINISHED',
  'BOUNDARY_LOG_UNAVAILABLE',
  'BOUNDARY_OPERATORS_UNAVAILABLE',
  'SDK_BOUNDARY_CLOSED',
];

interface Parts {
  readonly tenant: string;
  readonly cell: string;
  readonly storage: Storage;
  readonly log: AuditLog;
  readonly decisionPoint: PolicyDecisionPoint;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly flags: FlagSet;
  obeySwitch(envelope: unknown): Promise<SwitchCommand>;
  createPipeline(hosts: readonly ExecutorHost[]): ProxyPipeline;
  bundle(stream: string, options: BundleOptions): Promise<Uint8Array>;
}

/**
 * Starts a boundary from one configuration: checks all of it, opens what it names, and brings the actions that a crash left
 * open to their end without running anything. What is missing or wrong keeps it from starting.
 * @throws SdkError SDK_CONFIG_INVALID, SDK_FILE_UNREADABLE, SDK_KEY_EXPOSED, SDK_FLAG_UNSUPPORTED, SDK_FLAG_UNMET,
 * SDK_POLICY_MISMATCH, SDK_POLICY_NOT_IN_FORCE, each with the place in the configuration; PolicyError for a set that is not sound; LogStoreError for a store that cannot be opened
 */
export async function createBoundary(config: BoundaryConfig): Promise<Boundary> {
  assertConfig(config);
  const clock = config.clock ?? { now: () => Date.now() };
  const random = config.random ?? { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const key = 'file' in config.key ? readSigningKey(config.key.file, '/key/file') : config.key;
  const signer = createKey(key);
  if (!key.name.endsWith(`/${config.tenant}`)) {
    throw invalid('the name of the key does not end in the tenant', '/key');
  }
  const hosts = (config.executors ?? []).map(createHost);
  const resolved = settleFlags(config, hosts);
  const operators = readOperators(config.operators);
  const storage = await openStorage(config.store, config.tenant, config.cell);
  try {
    const { tenant, cell } = config;
    const log = createAuditLog({
      ...{ store: storage.log, heads: storage.heads, signer, clock, random, tenant, cell, origin: key.name },
    });
    const policy = await openPolicy(config.policy, {
      amend: (set) => applyFlags(set, resolved.flags, hosts),
      bundles: { tenant, cell, log, clock, activations: storage.activations, alerts: config.alerts },
    });
    const { decisionPoint } = policy;
    storage.policies.keep(decisionPoint.policyDigest, decisionPoint.policySet);
    const kept = { tenant, cell, commands: storage.switchCommands, operators: operators ?? storage.operators };
    const switches = await openSwitches(config.facts.switches, kept, { clock, log });
    const obeySwitch = (envelope: unknown) =>
      obeySwitchCommand({ ...kept, log, clock, threshold: SWITCH_THRESHOLD, alerts: config.alerts }, envelope);
    const counted = createCountedFacts(config.facts, { store: storage.conduct, clock });
    const createPipeline = (own: readonly ExecutorHost[]) =>
      new ProxyPipeline({
        ...{ tenant, cell, log, decisionPoint, clock, random, signer },
        facts: governFacts(
          createFactSource({
            environment: config.facts.environment,
            ...counted.parts,
            switches,
            policyVerified: false,
          }),
          policy,
          flagFactsOf(resolved),
        ),
        ...(counted.conduct === undefined ? {} : { conduct: counted.conduct }),
        host: own.length === 0 ? createIdleHost() : own,
        grants: storage.grants,
        operators: operators ?? storage.operators,
        standingGrants: storage.standingGrants,
        inbox: storage.inbox,
        ...(config.alerts === undefined ? {} : { alerts: config.alerts }),
        ...(config.budgets === undefined ? {} : { budgets: { declared: config.budgets, store: storage.limits } }),
        ...(config.limits === undefined ? {} : { limits: config.limits }),
      });
    const bundle = async (stream: string, options: BundleOptions) => {
      const evidence = await log.collect(stream);
      const decided = [...evidence.payloads.values()].flatMap(({ value }) =>
        typeof value.policy_digest === 'string' ? [value.policy_digest as Digest] : [],
      );
      const policySets = new Map(
        [...new Set(decided)].flatMap((digest) => {
          const found = storage.policies.find(digest);
          return found === undefined ? [] : [[digest, found] as const];
        }),
      );
      const { policyDigest, engine } = decisionPoint;
      return buildBundle({ ...options, evidence, signer, policySets, inForce: { policyDigest, engine } });
    };
    const { flags } = resolved;
    const parts = {
      tenant,
      cell,
      storage,
      log,
      decisionPoint,
      clock,
      random,
      flags,
      obeySwitch,
      createPipeline,
      bundle,
    };
    const boundary = new Boundary(parts, signer.vkey, hosts);
    await boundary.recover();
    return boundary;
  } catch (error) {
    await storage.close();
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
  /** Digest of the policy set in force, with what bundle and flags added. */
  readonly policyDigest: Digest;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly #parts: Parts;
  readonly #base: ProxyPipeline;
  readonly #byActionType = new Map<string, ProxyPipeline>();
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @internal Use {@link createBoundary}. */
  constructor(parts: Parts, vkey: string, hosts: readonly ExecutorHost[]) {
    this.tenant = parts.tenant;
    this.cell = parts.cell;
    this.vkey = vkey;
    this.policyDigest = parts.decisionPoint.policyDigest;
    this.clock = parts.clock;
    this.random = parts.random;
    this.#parts = parts;
    this.#base = parts.createPipeline(hosts);
    for (const type of hosts.flatMap(({ actionTypes }) => actionTypes)) this.#byActionType.set(type, this.#base);
  }

  /** Takes an intent all the way. @throws BoundaryError as ProxyPipeline.execute; SdkError SDK_BOUNDARY_CLOSED */
  execute(intent: unknown, options: ExecuteOptions = {}): Promise<ActionResult> {
    return this.#run(async () => {
      const snapshot = snapshotIntent(intent);
      const { intent_id, action_type } = snapshot.intent;
      return this.#working(intent_id, () => this.#pipelineOf(action_type).execute(snapshot.intent, options));
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
      const pipeline = await this.#pipelineOfStream(stream);
      return this.#working(stream, () => pipeline.submitApproval(stream, envelope, options));
    });
  }

  /** Takes an approval back that its giver no longer stands by. @throws BoundaryError as ProxyPipeline.revokeApproval */
  revokeApproval(stream: string, envelope: unknown): Promise<ActionResult> {
    return this.#run(() => this.#working(stream, () => this.#base.revokeApproval(stream, envelope)));
  }

  /** Records what a person found out about an ambiguous action. @throws BoundaryError as ProxyPipeline.resolve */
  resolve(stream: string, envelope: unknown): Promise<ActionResult> {
    return this.#run(() => this.#working(stream, () => this.#base.resolve(stream, envelope)));
  }

  /** Takes in what an operator agrees to in advance. @throws BoundaryError as ProxyPipeline.addStandingGrant */
  addStandingGrant(envelope: unknown): Promise<Digest> {
    return this.#run(() => this.#base.addStandingGrant(envelope));
  }

  /** Revokes a standing grant for good. @throws BoundaryError as ProxyPipeline.revokeStandingGrant */
  revokeStandingGrant(digest: Digest, revokedBy: string): Promise<void> {
    return this.#run(() => this.#base.revokeStandingGrant(digest, revokedBy));
  }

  /** Obeys a signed switch command, or refuses it on record. @throws BoundaryError as obeySwitchCommand */
  obeySwitchCommand(envelope: unknown): Promise<SwitchCommand> {
    return this.#run(() => this.#parts.obeySwitch(envelope));
  }

  /** Takes the answers that people have put into the tray for one action, if there are any. */
  async takeAnswers(stream: string, options: ExecuteOptions = {}): Promise<AnswersTaken> {
    const tray = this.#parts.storage.answers;
    const refused: string[] = [];
    let result: ActionResult | undefined;
    for (const answer of tray?.list(stream) ?? []) {
      try {
        result =
          answer.envelope?.payloadType === APPROVAL_REVOCATION_PAYLOAD_TYPE
            ? await this.revokeApproval(stream, answer.envelope)
            : await this.submitApproval(stream, answer.envelope, options);
      } catch (error) {
        if (!isExoArmurError(error) || RETRIED.includes(error.code)) throw error;
        refused.push(error.code);
      }
      (tray as AnswerTray).remove(answer);
    }
    return { result, refused };
  }

  /**
   * Waits until an action that waits for people does so no longer: answers are taken from the tray as they come, and what is
   * submitted by other ways counts too. @throws the reason of the signal, after which the action still waits
   */
  async settle(
    pending: ActionResult,
    options: ExecuteOptions & { readonly pollMs?: number } = {},
  ): Promise<ActionResult> {
    const { signal, pollMs = 250 } = options;
    let current = pending;
    while (current.status === 'pending_approval') {
      signal?.throwIfAborted();
      const { result } = await this.takeAnswers(current.stream, signal === undefined ? {} : { signal });
      const isLate = parseTime(current.request.expires_at) <= this.#parts.clock.now();
      current = result ?? (await this.#look(current, isLate));
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
    return this.#run(() => this.#parts.bundle(stream, options));
  }

  /**
   * Brings the actions to an end that a crash left open, and those that waited too long. Never runs an executor, and leaves
   * alone what a living boundary of this machine works on.
   */
  recover(): Promise<RecoveryReport> {
    return this.#run(async () => {
      const { storage, tenant, cell } = this.#parts;
      const recovered: ActionResult[] = [];
      const leftAlone: string[] = [];
      const refused: { stream: string; code: string }[] = [];
      for await (const { stream, isWaiting } of listOpenStreams(storage.log, { tenant, cell })) {
        if (!isWaiting && (storage.presence?.isWorkedOn(stream) ?? this.#isRunning)) {
          leftAlone.push(stream);
          continue;
        }
        try {
          const result = await this.#working(stream, () => this.#base.recover(stream));
          if (result.status !== 'pending_approval') recovered.push(result);
        } catch (error) {
          if (!isExoArmurError(error) || error.code === 'BOUNDARY_LOG_UNAVAILABLE') throw error;
          if (error.code === 'BOUNDARY_ACTION_UNFINISHED') leftAlone.push(stream);
          else refused.push({ stream, code: error.code });
        }
      }
      return { recovered, leftAlone, refused };
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
        await this.#parts.storage.close();
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

  /** What became of an action that waited when one last looked. */
  async #look(pending: ActionResult, isLate: boolean): Promise<ActionResult> {
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

function createHost(entry: NonNullable<BoundaryConfig['executors']>[number], index: number): ExecutorHost {
  if (entry.hosting === 'sandboxed') return entry.host;
  const { executor, targetTimeoutMs = 5000, executionTimeoutMs = 60_000 } = entry;
  try {
    return createTrustedHost({ executor, targetTimeoutMs, executionTimeoutMs });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw invalid(cause.message, `/executors/${index}/executor/manifest`, cause);
  }
}

/** A host that performs nothing, for a boundary whose executors are still to come. */
function createIdleHost(): ExecutorHost {
  const executor = createToolExecutor({ name: 'nobody', version: '0', tools: [] });
  return createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
}

function createKey({ name, seed }: { readonly name: string; readonly seed: Uint8Array }) {
  try {
    return createSigner(name, seed);
  } catch (cause) {
    if (!isExoArmurError(cause) && !(cause instanceof TypeError)) throw cause;
    throw invalid('the key has a name that no key can have', '/key/name', cause);
  }
}

function readOperators(operators: BoundaryConfig['operators']): OperatorRegistry | undefined {
  if (operators === undefined || 'findByKeyId' in operators) return operators;
  try {
    return createOperatorRegistry(operators);
  } catch (cause) {
    if (!isExoArmurError(cause) && !(cause instanceof TypeError)) throw cause;
    throw invalid(`an operator cannot be registered: ${cause.message}`, '/operators', cause);
  }
}

function invalid(message: string, pointer: string, cause?: unknown): SdkError {
  return new SdkError('SDK_CONFIG_INVALID', message, { pointer, cause });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const timer = setTimeout(finish, ms);
    function finish(): void {
      signal?.removeEventListener('abort', abort);
      resolve();
    }
    function abort(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}
