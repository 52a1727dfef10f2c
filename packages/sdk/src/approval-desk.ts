import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { signApproval, signApprovalRevocation, verifyApproval } from '@exoarmur/boundary-v2';
import {
  createSigner,
  encodeHex,
  type NamedSigner,
  parseJson,
  parseTime,
  parseVerifierKey,
  verifyEnvelope,
} from '@exoarmur/canonical';
import {
  APPROVAL_PAYLOAD_TYPE,
  type ApprovalInbox,
  approvalSchema,
  type Clock,
  type DsseEnvelope,
  isExoArmurError,
  type OpenRequest,
  type Operator,
  type OperatorStore,
} from '@exoarmur/contracts';
import {
  createSqliteApprovalInbox,
  createSqliteOperatorStore,
  createSqliteStandingGrantStore,
  openSqliteLogStore,
  type SqliteLogStore,
} from '@exoarmur/store-sqlite';
import { digestIntent, type RecordedAction, readAction, type UnsoundAction } from './action-reader.ts';
import { ANSWER_LIMITS, AnswerTray } from './answer-tray.ts';
import type { StoreConfig } from './config.ts';
import { SdkError } from './errors.ts';
import { type ListedStandingGrant, listKeptGrants } from './kept-standing-grants.ts';
import { listAmbiguousStreams } from './open-streams.ts';
import { placesOf } from './storage.ts';
import { standingAnswers, toWaiting, type WaitingAction } from './waiting-action.ts';

const PAGE = 256;

/** What a person says to a request. */
export interface Answer {
  readonly stream: string;
  readonly verdict: 'approve' | 'deny';
  /** Digest of the request that was shown. */
  readonly requestDigest: string;
  readonly reason: string;
  /** The person's own key. */
  readonly key: { readonly name: string; readonly seed: Uint8Array };
  /** How long the answer holds; until the request expires unless told. */
  readonly ttlSeconds?: number;
}

/** What became of a wish to take an approval back. */
export interface Revocation {
  readonly operatorId: string;
  /** Approvals that nobody had taken from the tray yet, each of which lies there in one file with its revocation now. */
  readonly withdrawn: number;
  /** Approvals on record, for each of which a signed revocation lies in the tray now. */
  readonly revoked: number;
}

/**
 * Where people look at what waits and answer it. It has no key of the boundary and no way to an executor: an answer is signed
 * with the person's own key and put into the tray, from which the boundary that performs the action takes it.
 */
export class ApprovalDesk {
  readonly #scope: { readonly tenant: string; readonly cell: string };
  readonly #log: SqliteLogStore;
  readonly #operators: OperatorStore;
  readonly #inbox: ApprovalInbox;
  readonly #tray: AnswerTray;
  readonly #clock: Clock;

  /** @internal Use {@link openApprovalDesk}. */
  constructor(store: StoreConfig, scope: { readonly tenant: string; readonly cell: string }, clock: Clock) {
    const places = placesOf(store);
    this.#scope = scope;
    this.#log = openSqliteLogStore({ path: store.path, isReadOnly: true });
    this.#operators = createSqliteOperatorStore(this.#log, scope.tenant);
    this.#inbox = createSqliteApprovalInbox(this.#log, scope.tenant);
    this.#tray = new AnswerTray(places.answers);
    this.#clock = clock;
  }

  /**
   * Everything that waits, oldest first. What the index says is looked up in the log. An action whose records do not agree is
   * left out and told of, so that it hides no other one. @throws SdkError SDK_STREAM_UNSOUND for it where nobody is to be told
   */
  async list(onUnsound?: (found: UnsoundAction) => void): Promise<readonly WaitingAction[]> {
    const waiting: WaitingAction[] = [];
    for (let after: OpenRequest | undefined; ; ) {
      const page = await this.#inbox.list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { stream } of page) {
        const action = await this.#readSound(stream, onUnsound);
        const found = action === undefined ? undefined : this.#toWaiting(action);
        if (found !== undefined) waiting.push(found);
      }
      after = page.at(-1);
      if (after === undefined) return waiting;
    }
  }

  /** One action that waits. @throws SdkError SDK_STREAM_UNKNOWN when there is none, SDK_STREAM_UNSOUND */
  async show(stream: string): Promise<WaitingAction> {
    const action = await this.#read(stream);
    const waiting = action === undefined ? undefined : this.#toWaiting(action);
    if (waiting === undefined) throw new SdkError('SDK_STREAM_UNKNOWN', 'no action of this name waits for people');
    return waiting;
  }

  /**
   * Every action whose outcome nobody knows and nobody has found out, oldest first. Reads the end of every action.
   * @throws SdkError as {@link ApprovalDesk.list}
   */
  async listAmbiguous(onUnsound?: (found: UnsoundAction) => void): Promise<readonly RecordedAction[]> {
    const found: RecordedAction[] = [];
    for await (const stream of listAmbiguousStreams(this.#log, this.#scope)) {
      const action = await this.#readSound(stream, onUnsound);
      if (action !== undefined) found.push(action);
    }
    return found;
  }

  /** What people have agreed to in advance. */
  listStandingGrants(): Promise<readonly ListedStandingGrant[]> {
    return listKeptGrants(createSqliteStandingGrantStore(this.#log, this.#scope.tenant), this.#operators);
  }

  /**
   * Signs an answer and puts it into the tray. What can be known here is refused here; the boundary checks all of it again.
   * @throws SdkError SDK_STREAM_UNKNOWN, SDK_TRAY_UNAVAILABLE, SDK_ANSWER_MALFORMED for what no answer can hold, and
   * SDK_ANSWER_REFUSED for another request than the one shown, a late one, a key that belongs to no operator, or the requester's own;
   * BoundaryError as ProxyPipeline.submitApproval for whatever else it would refuse
   */
  async answer(answer: Answer): Promise<{ readonly operatorId: string; readonly waiting: WaitingAction }> {
    const { stream, verdict, reason, key, requestDigest } = answer;
    const waiting = await this.show(stream);
    if (waiting.requestDigest !== requestDigest) {
      throw refuse('the request is another one than was shown', '/request_digest');
    }
    if (waiting.isLate) throw refuse('the request has expired', '/expires_at');
    const signer = readKey(key);
    const operator = await this.#findOperator(signer.vkey);
    if (operator.operatorId === waiting.intent.actor_id)
      throw refuse('the requester cannot answer its own request', '');
    const left = Math.floor((parseTime(waiting.request.expires_at) - this.#clock.now()) / 1000);
    const envelope = sign(() =>
      signApproval({
        ...{ request: waiting.request, verdict, approverId: operator.operatorId, reason, signer },
        clock: this.#clock,
        random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
        ttlSeconds: answer.ttlSeconds ?? Math.max(1, left),
      }),
    );
    this.#tray.put(stream, (await this.#verify(envelope, waiting)).envelope);
    return { operatorId: operator.operatorId, waiting };
  }

  /**
   * Puts an answer into the tray that was signed elsewhere, as far as the boundary would take it now.
   * @throws SdkError SDK_STREAM_UNKNOWN, SDK_ANSWER_MALFORMED; BoundaryError as ProxyPipeline.submitApproval for what it would refuse
   */
  async submit(
    stream: string,
    envelope: unknown,
  ): Promise<{ readonly operatorId: string; readonly verdict: 'approve' | 'deny' }> {
    const { fact, envelope: verified } = await this.#verify(envelope, await this.show(stream));
    this.#tray.put(stream, verified);
    return { operatorId: fact.approver_id, verdict: fact.verdict };
  }

  /**
   * Takes back what a person has approved, while the action waits: by a signed word, which the boundary takes from the tray. An
   * approval that still lies there goes into one file with it: the boundary records both, and no copy of it counts. A denial stands.
   * @throws SdkError SDK_STREAM_UNKNOWN, SDK_TRAY_UNAVAILABLE, SDK_ANSWER_MALFORMED, and SDK_ANSWER_REFUSED for a key of nobody
   * and where there is no such approval
   */
  async revoke({ stream, reason, key }: Omit<Answer, 'verdict' | 'requestDigest' | 'ttlSeconds'>): Promise<Revocation> {
    const { intent } = await this.show(stream);
    const signer = readKey(key);
    const { operatorId } = await this.#findOperator(signer.vkey);
    const intentDigest = digestIntent(intent);
    const takeBack = (approval: DsseEnvelope) =>
      sign(() => signApprovalRevocation({ approval, intentDigest, approverId: operatorId, reason, signer }));
    const isOwn = (envelope: DsseEnvelope | undefined): envelope is DsseEnvelope =>
      readApprover(envelope, signer.vkey) === operatorId;
    const found = this.#tray.list(stream);
    if (found.some(({ fault }) => fault !== undefined)) {
      throw new SdkError('SDK_TRAY_UNAVAILABLE', 'an answer cannot be read now, and it may be the one to take back');
    }
    const lying = found.flatMap((answer) => (isOwn(answer.envelope) ? [{ answer, approval: answer.envelope }] : []));
    for (const { answer, approval } of lying) {
      this.#tray.putWithdrawal(stream, { approval, revocation: takeBack(approval) });
      this.#tray.remove(answer);
    }
    // After the tray: what the boundary has taken from it meanwhile is among the recorded ones.
    const action = await this.#read(stream);
    const given = (action === undefined ? [] : standingAnswers(action)).filter(({ envelope }) => isOwn(envelope));
    if (lying.length + given.length === 0) throw refuse('there is no approval of yours to take back', '');
    for (const { envelope } of given) this.#tray.put(stream, takeBack(envelope));
    return { operatorId, withdrawn: lying.length, revoked: given.length };
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #verify(envelope: unknown, { request, intent }: WaitingAction): ReturnType<typeof verifyApproval> {
    return verifyApproval(envelope, { request, intent, operators: this.#operators, answered: [], clock: this.#clock });
  }

  #read(stream: string): Promise<RecordedAction | undefined> {
    return readAction(this.#log, this.#scope.tenant, stream);
  }

  async #readSound(
    stream: string,
    onUnsound: ((found: UnsoundAction) => void) | undefined,
  ): Promise<RecordedAction | undefined> {
    try {
      return await this.#read(stream);
    } catch (error) {
      if (onUnsound === undefined || !(error instanceof SdkError) || error.code !== 'SDK_STREAM_UNSOUND') throw error;
      onUnsound({ stream, error });
      return undefined;
    }
  }

  /** An action of this cell as one that waits. */
  #toWaiting(action: RecordedAction): WaitingAction | undefined {
    if (action.intent?.cell_id !== this.#scope.cell) return undefined;
    return toWaiting(action, { inTray: this.#tray.list(action.stream).length, nowMs: this.#clock.now() });
  }

  async #findOperator(vkey: string): Promise<Operator> {
    const { keyId } = parseVerifierKey(vkey);
    const found = (await this.#operators.findByKeyId(encodeHex(keyId))).filter((operator) => operator.vkey === vkey);
    const operator = found.find(({ isRevoked }) => !isRevoked);
    if (operator !== undefined) return operator;
    throw refuse(found.length > 0 ? 'the key was revoked' : 'the key belongs to no operator', '');
  }
}

/** Opens the desk over the store of a boundary. @throws SdkError SDK_FILE_UNREADABLE when there is none yet; LogStoreError */
export function openApprovalDesk(options: {
  readonly store: StoreConfig;
  readonly tenant: string;
  readonly cell: string;
  readonly clock?: Clock;
}): ApprovalDesk {
  const { store, tenant, cell, clock = { now: () => Date.now() } } = options;
  if (!existsSync(store.path)) {
    throw new SdkError('SDK_FILE_UNREADABLE', 'there is no such database yet', { pointer: '/store/path' });
  }
  return new ApprovalDesk(store, { tenant, cell }, clock);
}

/** Who approved by an envelope (attacker-controlled) that this key signed; undefined for anything else. */
function readApprover(envelope: DsseEnvelope | undefined, vkey: string): string | undefined {
  if (envelope?.payloadType !== APPROVAL_PAYLOAD_TYPE) return undefined;
  const verified = verifyEnvelope(envelope, { keys: [parseVerifierKey(vkey)], threshold: 1 });
  if (verified.outcome === 'invalid') return undefined;
  try {
    const approval = approvalSchema.safeParse(parseJson(verified.payload, { maxBytes: ANSWER_LIMITS.maxBytes }));
    return approval.data?.verdict === 'approve' ? approval.data.approver_id : undefined;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}

function readKey(key: Answer['key']): NamedSigner {
  return written('/key', 'the key is none', () => createSigner(key.name, key.seed));
}

function sign(make: () => DsseEnvelope): DsseEnvelope {
  return written('', 'an answer cannot hold what is to be signed', make);
}

/** What a person has written, and may be anything. @throws SdkError SDK_ANSWER_MALFORMED */
function written<Value>(pointer: string, message: string, make: () => Value): Value {
  try {
    return make();
  } catch (cause) {
    throw new SdkError('SDK_ANSWER_MALFORMED', message, { pointer, cause });
  }
}

function refuse(message: string, pointer: string): SdkError {
  return new SdkError('SDK_ANSWER_REFUSED', message, { pointer });
}
