import { type LegacyEvent, sortLegacyEvents } from '@exoarmur/canonical/legacy-python';
import { assertEvent, isReadable, isSound } from './event-reader.ts';
import { type IntentStore, judgeGateVerdicts, replayEvent } from './event-steps.ts';
import { ExecutionFacts, judgeBelonging } from './event-trail.ts';
import { ReplayLedger } from './replay-ledger.ts';
import type { ReplayReport } from './replay-report.ts';
import { isRecordedStream, type RecordedStream, replayStreams } from './stream-replay.ts';

/** What is recorded of each correlation: events of the Python ancestor, or whole streams. A `Map` is one. */
export interface EventStore {
  get(correlationId: string): readonly LegacyEvent[] | readonly RecordedStream[] | undefined;
}

/** Where the engine reads from. */
export interface ReplayEngineOptions {
  readonly auditStore: EventStore;
  /** Intents as they were frozen when their approval was asked for. Without it no approval of an event can be verified. */
  readonly intentStore?: IntentStore;
}

/**
 * Replays what is recorded of one correlation (spec/event-replay.md): report and texts of the Python ancestor, and a failure
 * where it was blind. It re-executes nothing; to have a decision taken again, verify a bundle.
 */
export class ReplayEngine {
  readonly #auditStore: EventStore;
  readonly #intentStore: IntentStore | undefined;

  constructor(options: ReplayEngineOptions) {
    this.#auditStore = options.auditStore;
    this.#intentStore = options.intentStore;
  }

  /**
   * A pure function of the stores. @throws ReplayError REPLAY_EVENT_REQUIRED when the store holds something else than events
   * or streams, or both
   */
  replayCorrelation(correlationId: string): ReplayReport {
    const ledger = new ReplayLedger(correlationId);
    const stored: readonly unknown[] = this.#auditStore.get(correlationId) ?? [];
    if (stored.length === 0) {
      ledger.fail(`No audit records found for correlation_id: ${correlationId}`);
      return ledger.abandon();
    }
    if (stored.every(isRecordedStream)) return replayStreams(correlationId, stored, ledger);
    return this.#replayEvents(correlationId, stored, ledger);
  }

  #replayEvents(correlationId: string, stored: readonly unknown[], ledger: ReplayLedger): ReplayReport {
    assertEvents(stored);
    const sound = stored.filter((event) => isSound(event, ledger));
    if (sound.length === 0) return ledger.abandon();
    const events = sortLegacyEvents(sound.filter((event) => isReadable(event, ledger)));
    if (events.length === 0) return ledger.abandon();
    ledger.totalEvents = events.length;
    judgeBelonging(events, correlationId, ledger);
    const execution = new ExecutionFacts();
    for (const event of events) {
      execution.add(event);
      replayEvent(event, { ledger, intents: this.#intentStore });
      ledger.processedEvents++;
    }
    judgeGateVerdicts(ledger);
    // A trail is judged only when every event of it stands; a broken one has failed already.
    if (!ledger.hasFailed) execution.judge(ledger);
    return ledger.finish();
  }
}

function assertEvents(items: readonly unknown[]): asserts items is readonly LegacyEvent[] {
  for (const [index, item] of items.entries()) assertEvent(item, index);
}
