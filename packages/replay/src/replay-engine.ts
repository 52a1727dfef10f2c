import { isLegacyPayloadIntact, type LegacyEvent, sortLegacyEvents } from '@exoarmur/canonical/legacy-python';
import { quoteForMessage } from '@exoarmur/contracts';
import { ReplayError } from './errors.ts';
import { type IntentStore, judgeGateVerdicts, type ReplayEvent, replayEvent } from './event-steps.ts';
import { judgeBelonging, judgeExecution } from './event-trail.ts';
import { ReplayLedger } from './replay-ledger.ts';
import type { ReplayReport } from './replay-report.ts';

/** Recorded events by correlation id. A `Map` is one. */
export interface EventStore {
  get(correlationId: string): readonly LegacyEvent[] | undefined;
}

/** Where the engine reads from. */
export interface ReplayEngineOptions {
  readonly auditStore: EventStore;
  /** Intents as they were frozen when their approval was asked for. Without it no approval can be verified. */
  readonly intentStore?: IntentStore;
}

const MEMBERS: readonly (keyof LegacyEvent)[] = ['event_id', 'event_type', 'actor', 'correlation_id', 'payload'];

/**
 * Replays the events of one correlation (spec/event-replay.md): report and texts of the Python ancestor, and a failure where it
 * was blind. It re-executes nothing; to have a decision taken again, verify a bundle.
 */
export class ReplayEngine {
  readonly #auditStore: EventStore;
  readonly #intentStore: IntentStore | undefined;

  constructor(options: ReplayEngineOptions) {
    this.#auditStore = options.auditStore;
    this.#intentStore = options.intentStore;
  }

  /** A pure function of the stores. @throws ReplayError REPLAY_EVENT_REQUIRED when the store holds something else than events. */
  replayCorrelation(correlationId: string): ReplayReport {
    const ledger = new ReplayLedger(correlationId);
    const stored = this.#auditStore.get(correlationId) ?? [];
    if (stored.length === 0) {
      ledger.fail(`No audit records found for correlation_id: ${correlationId}`);
      return ledger.abandon();
    }
    stored.forEach(assertEvent);
    const intact = stored.filter((event) => isSound(event, ledger));
    if (intact.length === 0) return ledger.abandon();
    const events = sortLegacyEvents(intact.filter((event) => isReadable(event, ledger)));
    if (events.length === 0) return ledger.abandon();
    ledger.totalEvents = events.length;
    judgeBelonging(events, correlationId, ledger);
    for (const event of events) {
      replayEvent(event, { ledger, intents: this.#intentStore });
      ledger.processedEvents++;
    }
    judgeGateVerdicts(ledger);
    // A trail is judged only when every event of it stands; a broken one has failed already.
    if (!ledger.hasFailed) judgeExecution(events, ledger);
    return ledger.finish();
  }
}

function assertEvent(event: unknown, index: number): void {
  const isEvent =
    typeof event === 'object' && event !== null && MEMBERS.every((member) => Object.hasOwn(event, member));
  if (isEvent) return;
  throw new ReplayError('REPLAY_EVENT_REQUIRED', `item ${index} is no replay event`, { pointer: `/${index}` });
}

function isSound(event: LegacyEvent, ledger: ReplayLedger): boolean {
  if (isLegacyPayloadIntact(event)) return true;
  const id = typeof event.event_id === 'string' ? event.event_id : '(no id)';
  ledger.fail(`Payload integrity check failed for event ${id}`);
  return false;
}

/** An event that cannot be ordered or told apart fails the replay; it is not left out in silence. */
function isReadable(event: LegacyEvent, ledger: ReplayLedger): event is ReplayEvent {
  const { event_id: id, event_type: type, sequence_number: number } = event;
  const problem =
    typeof id !== 'string'
      ? 'its id is no text'
      : typeof type !== 'string'
        ? 'its type is no text'
        : number !== null && typeof number !== 'bigint'
          ? 'its sequence number is no integer'
          : undefined;
  if (problem === undefined) return true;
  const shown = typeof id === 'string' ? quoteForMessage(id) : 'without an id';
  ledger.fail(`Event ${shown} cannot be replayed: ${problem}`);
  return false;
}
