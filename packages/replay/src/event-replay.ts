import type { LegacyEvent } from '@exoarmur/canonical/legacy-python';
import { assertEvent, isReadable, isSound } from './event-reader.ts';
import { type IntentStore, judgeGateVerdicts, type ReplayEvent, replayEvent } from './event-steps.ts';
import { ExecutionFacts, judgeCorrelation, ScopeFacts } from './event-trail.ts';
import { IdSet } from './id-set.ts';
import { ReplayLedger } from './replay-ledger.ts';
import type { ReplayReport } from './replay-report.ts';

/** Failures and warnings that a streaming report lists of each; all are counted. */
const MAX_LISTED = 1000;

/**
 * Replays a trail that comes event by event, in the order of its sequence numbers, which have no gap. Rules and report are
 * those of {@link ReplayEngine}; a trail without failures gets the same report. Of an event nothing is kept but eight bytes
 * of its id, and what the report lists: gate verdicts and intents.
 */
export class EventReplay {
  readonly #correlationId: string;
  readonly #intents: IntentStore | undefined;
  readonly #ledger: ReplayLedger;
  readonly #scopes = new ScopeFacts();
  readonly #execution = new ExecutionFacts();
  readonly #ids = new IdSet();
  #last: bigint | undefined;
  #count = 0;

  constructor(correlationId: string, intentStore?: IntentStore) {
    this.#correlationId = correlationId;
    this.#intents = intentStore;
    this.#ledger = new ReplayLedger(correlationId, MAX_LISTED);
  }

  /** @throws ReplayError REPLAY_EVENT_REQUIRED for anything that is no replay event */
  add(event: LegacyEvent): void {
    assertEvent(event, this.#count);
    this.#count += 1;
    const ledger = this.#ledger;
    // An event whose payload was altered leaves no gap: it was there.
    if (!isSound(event, ledger)) {
      this.#last = typeof event.sequence_number === 'bigint' ? event.sequence_number : this.#last;
      return;
    }
    if (!isReadable(event, ledger)) return;
    ledger.totalEvents += 1;
    this.#judgeOrder(event);
    if (!this.#ids.add(event.event_id)) ledger.fail(`Events with the same id and different content: ${event.event_id}`);
    judgeCorrelation(event, this.#correlationId, ledger);
    this.#scopes.add(event);
    this.#execution.add(event);
    replayEvent(event, { ledger, intents: this.#intents });
    ledger.processedEvents += 1;
  }

  /** The report over all events so far. */
  finish(): ReplayReport {
    const ledger = this.#ledger;
    if (this.#count === 0) ledger.fail(`No audit records found for correlation_id: ${this.#correlationId}`);
    if (ledger.processedEvents === 0) return ledger.abandon();
    this.#scopes.judge(ledger);
    judgeGateVerdicts(ledger);
    // A trail is judged only when every event of it stands; a broken one has failed already.
    if (!ledger.hasFailed) this.#execution.judge(ledger);
    return ledger.finish();
  }

  #judgeOrder({ event_id, sequence_number: number }: ReplayEvent): void {
    if (typeof number !== 'bigint') {
      this.#ledger.fail(`Event ${event_id} has no sequence number, which a stream of events is ordered by`);
      return;
    }
    const last = this.#last;
    this.#last = number;
    if (last === undefined || number === last + 1n) return;
    if (number > last) this.#ledger.fail(`Sequence numbers are missing between ${last} and ${number}`);
    else this.#ledger.fail(`Event ${event_id} comes after a later one: ${number} after ${last}`);
  }
}

/** Replays a source of events in sequence order; see {@link EventReplay}. */
export async function replayEventStream(
  correlationId: string,
  events: Iterable<LegacyEvent> | AsyncIterable<LegacyEvent>,
  intentStore?: IntentStore,
): Promise<ReplayReport> {
  const replay = new EventReplay(correlationId, intentStore);
  for await (const event of events) replay.add(event);
  return replay.finish();
}
