import { isLegacyPayloadIntact, type LegacyEvent } from '@exoarmur/canonical/legacy-python';
import { quoteForMessage } from '@exoarmur/contracts';
import { ReplayError } from './errors.ts';
import type { ReplayEvent } from './event-steps.ts';
import type { ReplayLedger } from './replay-ledger.ts';

const MEMBERS: readonly (keyof LegacyEvent)[] = ['event_id', 'event_type', 'actor', 'correlation_id', 'payload'];

const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws ReplayError REPLAY_EVENT_REQUIRED for anything that is no replay event */
export function assertEvent(event: unknown, index: number): asserts event is LegacyEvent {
  const isEvent =
    typeof event === 'object' && event !== null && MEMBERS.every((member) => Object.hasOwn(event, member));
  if (isEvent) return;
  throw new ReplayError('REPLAY_EVENT_REQUIRED', `item ${index} is no replay event`, { pointer: `/${index}` });
}

/** Whether the payload hash holds; it is never computed in place of a missing one. An event that fails it fails the replay. */
export function isSound(event: LegacyEvent, ledger: ReplayLedger): boolean {
  if (isLegacyPayloadIntact(event)) return true;
  const id = typeof event.event_id === 'string' ? event.event_id : '(no id)';
  ledger.fail(`Payload integrity check failed for event ${id}`);
  return false;
}

/** An event that cannot be ordered or told apart fails the replay; it is not left out in silence. */
export function isReadable(event: LegacyEvent, ledger: ReplayLedger): event is ReplayEvent {
  const { event_id: id, event_type: type, sequence_number: number } = event;
  const problem =
    typeof id !== 'string'
      ? 'its id is no text'
      : typeof type !== 'string'
        ? 'its type is no text'
        : number !== null && typeof number !== 'bigint'
          ? 'its sequence number is no integer'
          : // What has no UTF-8 form could not stand in a report that is hashed.
            LONE_SURROGATE.test(`${id}\0${type}`)
            ? 'its id or type is no Unicode text'
            : undefined;
  if (problem === undefined) return true;
  const shown = typeof id === 'string' ? quoteForMessage(id) : 'without an id';
  ledger.fail(`Event ${shown} cannot be replayed: ${problem}`);
  return false;
}
