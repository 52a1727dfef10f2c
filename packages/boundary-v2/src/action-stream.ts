import { advanceTrail, initialTrail, type TrailState } from '@exoarmur/audit/trail';
import { digestBytes, formatTime } from '@exoarmur/canonical';
import type {
  ActionIntent,
  ApprovalDecided,
  AuditSink,
  Clock,
  Digest,
  JsonObject,
  RecordDraft,
  SealedRecord,
  StandingGrantUsed,
  StreamEvidence,
  TrailKind,
  TrailPayloads,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import { BoundaryError, codeOf, isBoundaryError } from './errors.ts';
import { readReceipt } from './log-answers.ts';

/** Stands where a record not yet sealed has no digest yet. */
const UNSEALED = digestBytes('exoarmur.payload/1', new Uint8Array());

/** A step that the rules allow and the log has not seen. */
interface Staged {
  readonly draft: RecordDraft;
  /** The record as it was put to the rule book. */
  readonly proposed: SealedRecord;
  readonly unchanged: TrailState;
}

type Sent =
  | { readonly outcome: 'sealed'; readonly time: string }
  | { readonly outcome: 'failed'; readonly cause: unknown };

/** What an action stream writes to. */
export interface ActionLog {
  readonly sink: AuditSink;
  readonly clock: Clock;
  /** For the confirmation of what is handed in at once. */
  readonly timeoutMs: number;
}

/**
 * The records of one action as the boundary writes them: each step is put to the trail's rule book before it is appended, and
 * again when the log gave it another time. Remembers the latest payload of each kind.
 */
export class ActionStream {
  readonly #log: ActionLog;
  readonly #header: Pick<SealedRecord, 'tenant' | 'cell' | 'correlation' | 'stream' | 'trace'>;
  readonly #latest = new Map<TrailKind, JsonObject>();
  #answers: ApprovalDecided[] = [];
  #standingGrant: StandingGrantUsed | undefined;
  #requestedAt: string | undefined;
  #state: TrailState = initialTrail();
  #staged: Staged[] = [];

  /** A stream without records. */
  constructor(
    log: ActionLog,
    header: { tenant: string; cell: string; correlation: string; stream: string; trace: string | null },
  ) {
    this.#log = log;
    this.#header = header;
  }

  /** The stream that an intent begins. */
  static begin(log: ActionLog, intent: ActionIntent): ActionStream {
    return new ActionStream(log, {
      tenant: intent.tenant_id,
      cell: intent.cell_id,
      correlation: intent.correlation_id,
      stream: intent.intent_id,
      trace: intent.trace_id,
    });
  }

  /** A stream read back from the log. @throws BoundaryError BOUNDARY_EVIDENCE_UNLAWFUL, BOUNDARY_EVIDENCE_INCOMPLETE */
  static resume(log: ActionLog, evidence: StreamEvidence): ActionStream {
    const [first] = evidence.records;
    if (first === undefined) throw new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', 'stream has no record');
    const stream = new ActionStream(log, first);
    try {
      for (const record of evidence.records) {
        stream.#advance(record, evidence.payloads.get(record.payload.digest)?.value);
      }
      return stream;
    } catch (cause) {
      if (isBoundaryError(cause)) throw cause;
      // SECURITY: a payload of somebody else's may throw when it is read, and then nothing follows from it.
      throw new BoundaryError('BOUNDARY_EVIDENCE_UNLAWFUL', 'a payload cannot be read', { cause });
    }
  }

  get id(): string {
    return this.#header.stream;
  }

  get state(): TrailState {
    return this.#state;
  }

  /** How many records the log has confirmed: those of the state without what is kept back. */
  get recordedCount(): number {
    return this.#state.count - this.#staged.length;
  }

  /** Digest of the intent. @throws BoundaryError BOUNDARY_EVIDENCE_INCOMPLETE when no readable record states it. */
  get intentDigest(): Digest {
    if (this.#state.intentDigest === null) {
      throw new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', 'no record of the stream states the intent');
    }
    return this.#state.intentDigest;
  }

  /** The latest payload of one kind; undefined when there is no such record or its payload was erased. */
  latest<Kind extends TrailKind>(kind: Kind): TrailPayloads[Kind] | undefined {
    // The trail has checked the payload against the schema of its kind.
    return this.#latest.get(kind) as TrailPayloads[Kind] | undefined;
  }

  /** Readable answers to the latest request, in order. */
  answers(): readonly ApprovalDecided[] {
    return this.#answers;
  }

  get correlation(): string {
    return this.#header.correlation;
  }

  /** When the latest request was recorded; undefined when nobody was asked. */
  get requestedAt(): string | undefined {
    return this.#requestedAt;
  }

  /** The standing grant that answered the latest request, if one did. */
  standingGrant(): StandingGrantUsed | undefined {
    return this.#standingGrant;
  }

  /**
   * Puts one step to the rule book and keeps it back until the next {@link append} or {@link flush}: what has no effect needs
   * no commit of its own. `expiries` are the times before which it must be recorded. @throws BoundaryError BOUNDARY_STEP_UNLAWFUL
   */
  stage<Kind extends TrailKind>(
    kind: Kind,
    payload: TrailPayloads[Kind],
    actor: SealedRecord['actor'] = { type: 'boundary', id: this.#header.cell },
    expiries: readonly string[] = [],
  ): void {
    const { tenant, cell, correlation, stream, trace } = this.#header;
    const unchanged = this.#state;
    const seq = unchanged.count;
    const [soonest] = expiries.toSorted();
    const before = soonest === undefined ? {} : { before: soonest };
    const draft = { stream, correlation, trace, actor, kind, payload, expectedSeq: seq, ...before };
    const time = formatTime(this.#log.clock.now());
    const proposed: SealedRecord = {
      ...{ schema: 'exoarmur.record/1' as const, tenant, cell, correlation, stream, seq, kind, time, actor, trace },
      prev: seq === 0 ? null : UNSEALED,
      payload: { digest: UNSEALED, size: 2 },
    };
    const verdict = advanceTrail(unchanged, { record: proposed, payload: payload as JsonObject });
    if (verdict.outcome === 'unlawful') throw unlawful('BOUNDARY_STEP_UNLAWFUL', kind, verdict.violation);
    this.#state = verdict.state;
    this.#staged.push({ draft, proposed, unchanged });
  }

  /**
   * Hands every step kept back to the log, in order and at once, and resolves when all of them are durable. What was not
   * confirmed is not part of the stream any more.
   * @throws BoundaryError BOUNDARY_ACTION_UNFINISHED when another boundary wrote to the stream, BOUNDARY_LOG_UNAVAILABLE when
   * the log did not confirm, BOUNDARY_STEP_UNLAWFUL when the time of a record made it unlawful.
   */
  async flush(): Promise<void> {
    const staged = this.#staged;
    this.#staged = [];
    const answers = this.#send(staged);
    let confirmed = 0;
    let isOver = false;
    const settled = await settleWithin(this.#log.timeoutMs, async () => {
      for (const [index, step] of staged.entries()) {
        const answer = await answers(index);
        // What is confirmed too late has been taken back by now.
        if (isOver) return;
        this.#take(step, answer);
        confirmed = index + 1;
      }
    });
    isOver = true;
    if (settled.outcome === 'threw') throw settled.error;
    const silent = settled.outcome === 'returned' ? undefined : staged[confirmed];
    if (silent !== undefined) this.#take(silent, { outcome: 'failed', cause: undefined });
  }

  /** Takes what the log said of a step. @throws BoundaryError as {@link flush} */
  #take({ draft, proposed, unchanged }: Staged, answer: Sent): void {
    if (answer.outcome === 'failed') {
      this.#state = unchanged;
      throw appendFailed(draft.kind, answer.cause);
    }
    const { time } = answer;
    const record = time === proposed.time ? proposed : { ...proposed, time };
    // INVARIANT: the log fixes the time. At the time proposed the rules have been asked already; at any other they are again.
    if (record !== proposed) {
      const verdict = advanceTrail(unchanged, { record, payload: draft.payload as JsonObject });
      if (verdict.outcome === 'unlawful') throw unlawful('BOUNDARY_STEP_UNLAWFUL', record.kind, verdict.violation);
    }
    this.#remember(record, draft.payload as JsonObject);
  }

  /** Stages one step and flushes. @throws BoundaryError as both */
  async append<Kind extends TrailKind>(
    kind: Kind,
    payload: TrailPayloads[Kind],
    actor?: SealedRecord['actor'],
    expiries?: readonly string[],
  ): Promise<void> {
    this.stage(kind, payload, actor, expiries);
    await this.flush();
  }

  /** What became of each draft, in order. INVARIANT: no draft reaches the log after one that the log refused. */
  #send(staged: readonly Staged[]): (index: number) => Promise<Sent> {
    const { sink } = this.#log;
    const settle = async ({ proposed }: Staged, receive: () => unknown): Promise<Sent> => {
      try {
        return { outcome: 'sealed', time: readReceipt(await receive(), proposed) };
      } catch (cause) {
        // A sink of somebody else's may throw, and answer, whatever it likes: nothing is recorded that it did not confirm.
        return { outcome: 'failed', cause };
      }
    };
    if (sink.appendAll === undefined || staged.length < 2) {
      return (index) => {
        const step = staged[index] as Staged;
        return settle(step, () => sink.append(step.draft));
      };
    }
    const receipts = (async () => sink.appendAll?.(staged.map(({ draft }) => draft)))();
    const sent = staged.map((step, index) => settle(step, async () => (await receipts)?.[index]));
    return (index) => sent[index] as Promise<Sent>;
  }

  #advance(record: SealedRecord, payload: JsonObject | undefined): void {
    const verdict = advanceTrail(this.#state, { record, payload });
    if (verdict.outcome === 'unlawful') throw unlawful('BOUNDARY_EVIDENCE_UNLAWFUL', record.kind, verdict.violation);
    this.#state = verdict.state;
    this.#remember(record, payload);
  }

  #remember(record: SealedRecord, payload: JsonObject | undefined): void {
    const kind = record.kind as TrailKind;
    if (payload === undefined) this.#latest.delete(kind);
    else this.#latest.set(kind, payload);
    if (kind === 'approval_requested') {
      this.#answers = [];
      this.#requestedAt = record.time;
      this.#standingGrant = undefined;
    }
    if (kind === 'standing_grant_used') this.#standingGrant = this.latest('standing_grant_used');
    const answer = kind === 'approval_decided' ? this.latest('approval_decided') : undefined;
    if (answer !== undefined) this.#answers.push(answer);
  }
}

function unlawful(
  code: 'BOUNDARY_STEP_UNLAWFUL' | 'BOUNDARY_EVIDENCE_UNLAWFUL',
  kind: string,
  violation: { readonly code: string; readonly pointer: string },
): BoundaryError {
  return new BoundaryError(code, `${kind} may not stand here: ${violation.code}`, { pointer: violation.pointer });
}

function appendFailed(kind: string, cause: unknown): BoundaryError {
  const code = codeOf(cause);
  if (code === 'AUDIT_SEQ_CONFLICT' || code === 'AUDIT_STREAM_CLOSED') {
    return new BoundaryError('BOUNDARY_ACTION_UNFINISHED', 'another boundary wrote to the stream', { cause });
  }
  // SECURITY: what had expired when the log took it would be unlawful on record, and the action could never end.
  if (code === 'AUDIT_DRAFT_LATE')
    return new BoundaryError('BOUNDARY_STEP_UNLAWFUL', `${kind} came too late`, { cause });
  return new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', `${kind} was not recorded`, { cause });
}
