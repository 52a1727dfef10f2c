import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { digestApprovalRequest, signApproval } from '@exoarmur/boundary-v2';
import { createSigner, digestValue, encodeHex, formatTime, parseTime, parseVerifierKey } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalInbox,
  type ApprovalRequest,
  type Clock,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  type Digest,
  type OpenRequest,
  type Operator,
  type OperatorStore,
} from '@exoarmur/contracts';
import {
  createSqliteApprovalInbox,
  createSqliteOperatorStore,
  openSqliteLogStore,
  type SqliteLogStore,
} from '@exoarmur/store-sqlite';
import { digestIntent, type RecordedAction, readAction } from './action-reader.ts';
import { AnswerTray } from './answer-tray.ts';
import type { StoreConfig } from './config.ts';
import { SdkError } from './errors.ts';
import { listAmbiguousStreams } from './open-streams.ts';
import { placesOf } from './storage.ts';

const PAGE = 256;

/** An action that waits for people, with everything they must see. */
export interface WaitingAction {
  readonly stream: string;
  readonly requestedAt: string;
  readonly intent: ActionIntent;
  readonly decision: Decision;
  readonly request: ApprovalRequest;
  /** Digest of the request; whoever answers names it, and so answers what was shown. */
  readonly requestDigest: Digest;
  /** Answers recorded so far, by key id. */
  readonly answeredBy: readonly string[];
  /** Answers that lie in the tray and were not taken yet. */
  readonly inTray: number;
  readonly isLate: boolean;
}

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

  /** Everything that waits, oldest first. What the index says is looked up in the log. */
  async list(): Promise<readonly WaitingAction[]> {
    const waiting: WaitingAction[] = [];
    for (let after: OpenRequest | undefined; ; ) {
      const page = await this.#inbox.list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { stream } of page) {
        const action = await this.#read(stream);
        const found = action === undefined ? undefined : this.#toWaiting(action);
        if (found !== undefined && found.intent.cell_id === this.#scope.cell) waiting.push(found);
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

  /** Every action whose outcome nobody knows and nobody has found out, oldest first. Reads the end of every action. */
  async listAmbiguous(): Promise<readonly RecordedAction[]> {
    const found: RecordedAction[] = [];
    for await (const stream of listAmbiguousStreams(this.#log, this.#scope)) {
      const action = await this.#read(stream);
      if (action !== undefined) found.push(action);
    }
    return found;
  }

  /**
   * Signs an answer and puts it into the tray. What can be known here is refused here; the boundary checks all of it again.
   * @throws SdkError SDK_STREAM_UNKNOWN, and SDK_ANSWER_REFUSED for another request than the one shown, a late one, a key
   * that belongs to no operator, or the requester's own
   */
  async answer(answer: Answer): Promise<{ readonly operatorId: string; readonly waiting: WaitingAction }> {
    const { stream, verdict, reason, key, requestDigest } = answer;
    const waiting = await this.show(stream);
    if (waiting.requestDigest !== requestDigest) {
      throw refuse('the request is another one than was shown', '/request_digest');
    }
    if (waiting.isLate) throw refuse('the request has expired', '/expires_at');
    const signer = createSigner(key.name, key.seed);
    const operator = await this.#findOperator(signer.vkey);
    if (operator.operatorId === waiting.intent.actor_id)
      throw refuse('the requester cannot answer its own request', '');
    const left = Math.floor((parseTime(waiting.request.expires_at) - this.#clock.now()) / 1000);
    const envelope = signApproval({
      ...{ request: waiting.request, verdict, approverId: operator.operatorId, reason, signer },
      clock: this.#clock,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      ttlSeconds: answer.ttlSeconds ?? Math.max(1, left),
    });
    this.#tray.put(stream, envelope);
    return { operatorId: operator.operatorId, waiting };
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read(stream: string): Promise<RecordedAction | undefined> {
    return readAction(this.#log, this.#scope.tenant, stream);
  }

  #toWaiting({ stream, records, intent, decision, request, answers, isClosed }: RecordedAction) {
    if (isClosed || intent === undefined || decision === undefined || request === undefined) return undefined;
    // SECURITY: the decision shown has to be the one that is signed for.
    if (digestValue(DECISION_DIGEST_DOMAIN, decision) !== request.decision_digest) return undefined;
    const shown = request.presentation?.intent;
    if (shown !== undefined && digestIntent(shown) !== request.intent_digest) return undefined;
    const asked = records.findLast(({ kind }) => kind === 'approval_requested');
    return {
      ...{ stream, intent, decision, request },
      requestedAt: asked?.time ?? formatTime(0),
      requestDigest: digestApprovalRequest(request),
      answeredBy: answers.map(({ envelope }) => envelope.signatures[0]?.keyid ?? ''),
      inTray: this.#tray.list(stream).length,
      isLate: parseTime(request.expires_at) <= this.#clock.now(),
    } satisfies WaitingAction;
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

function refuse(message: string, pointer: string): SdkError {
  return new SdkError('SDK_ANSWER_REFUSED', message, { pointer });
}
