import {
  formatLegacyJson,
  hashLegacyPayload,
  isLegacyObject,
  type LegacyEvent,
  type LegacyValue,
} from '@exoarmur/canonical/legacy-python';
import type { FaultGenerator } from './fault-generator.ts';
import { alterOneLeaf, alterText } from './value-change.ts';

/** The faults of the Python ancestor. None leaves a mark: a hit event looks like any other, and an event that is not hit is the same. */
export const FAULT_TYPES = [
  'payload_mutation',
  'event_type_substitution',
  'sequence_manipulation',
  'field_deletion',
  'field_alteration',
  'hash_corruption',
  'structured_corruption',
] as const;
export type FaultType = (typeof FAULT_TYPES)[number];

/** What was done to one event. */
export interface FaultHit {
  /** Position of the event in the list. */
  readonly index: number;
  /** The members that were changed, sorted. */
  readonly members: readonly (keyof LegacyEvent)[];
}

/** The events as a faulty node has them, and what its oracle has to know. The input is untouched, and shared where nothing was hit. */
export interface InjectedFault {
  readonly events: readonly LegacyEvent[];
  readonly hits: readonly FaultHit[];
}

const TYPES = [
  'telemetry_ingested',
  'safety_gate_evaluated',
  'approval_requested',
  'approval_bound_to_intent',
  'intent_denied',
  'intent_executed',
  'approval_denied',
  'belief_creation_started',
  'belief_created',
] as const;

type Change = Partial<LegacyEvent>;
type Fault = (event: LegacyEvent, random: FaultGenerator) => Change;

const FAULTS: Readonly<Record<FaultType, Fault>> = {
  payload_mutation: (event, random) => {
    const payload = alterOneLeaf(event.payload, random);
    // Consistent: the hash follows the lie, so integrity alone does not show it.
    return { payload, payload_hash: hashLegacyPayload(payload) };
  },
  event_type_substitution: (event, random) => ({ event_type: anotherType(event.event_type, random) }),
  sequence_manipulation: ({ sequence_number: at }, random) => {
    const step = BigInt(1 + random.below(8));
    return { sequence_number: typeof at === 'bigint' ? at + step : step };
  },
  field_deletion: (event, random) => deleteField(event, random),
  field_alteration: (event, random) => alterField(event, random),
  hash_corruption: ({ payload_hash: hash }, random) => ({ payload_hash: corruptHash(hash, random) }),
  structured_corruption: (event, random) => ({
    payload: alterOneLeaf(event.payload, random),
    event_type: anotherType(event.event_type, random),
  }),
};

/**
 * What a node with one kind of fault holds in place of `events`. `severityMilli` thousandths of the events are hit, at least
 * one unless it is 0; which ones follows from the generator, and a higher severity hits the same ones and more.
 * @throws RangeError for a severity outside 0 to 1000.
 */
export function injectFault(
  events: readonly LegacyEvent[],
  fault: FaultType,
  options: { readonly random: FaultGenerator; readonly severityMilli?: number },
): InjectedFault {
  const { random, severityMilli = 1000 } = options;
  if (!Number.isSafeInteger(severityMilli) || severityMilli < 0 || severityMilli > 1000) {
    throw new RangeError('severity must be 0 to 1000 thousandths');
  }
  const order = random.permutation(events.length);
  const chosen = order.slice(0, Math.ceil((events.length * severityMilli) / 1000));
  const changes = new Map<number, Change>();
  for (const index of chosen) changes.set(index, FAULTS[fault](events[index] as LegacyEvent, random));
  return {
    events: events.map((event, index) => {
      const change = changes.get(index);
      return change === undefined ? event : { ...event, ...change };
    }),
    hits: [...changes]
      .map(([index, change]) => ({ index, members: (Object.keys(change) as (keyof LegacyEvent)[]).sort() }))
      .sort((a, b) => a.index - b.index),
  };
}

function anotherType(type: LegacyValue, random: FaultGenerator): string {
  const others = TYPES.filter((candidate) => candidate !== type);
  return others[random.below(others.length)] as string;
}

const ERASABLE = ['tenant_id', 'cell_id', 'trace_id', 'parent_event_id', 'sequence_number'] as const;

/** Takes one optional field away; where none is set, the actor goes. */
function deleteField(event: LegacyEvent, random: FaultGenerator): Change {
  const set = ERASABLE.filter((member) => event[member] !== null && event[member] !== '');
  const member = set[random.below(Math.max(1, set.length))];
  if (member === undefined) return { actor: '' };
  return { [member]: member === 'parent_event_id' || member === 'sequence_number' ? null : '' };
}

const TEXTS = ['actor', 'tenant_id', 'cell_id', 'trace_id', 'event_id', 'correlation_id'] as const;

function alterField(event: LegacyEvent, random: FaultGenerator): Change {
  const member = TEXTS[random.below(TEXTS.length)] as (typeof TEXTS)[number];
  const value = event[member];
  return { [member]: alterText(typeof value === 'string' ? value : formatText(value), random) };
}

function formatText(value: LegacyValue): string {
  return isLegacyObject(value) || Array.isArray(value) ? formatLegacyJson(value, 'replay') : String(value);
}

/** One hexadecimal digit off. */
function corruptHash(hash: LegacyValue, random: FaultGenerator): string {
  const text = typeof hash === 'string' && hash !== '' ? hash : '0'.repeat(64);
  const at = random.below(text.length);
  const digit = Number.parseInt(text[at] ?? '0', 16);
  const other = ((Number.isNaN(digit) ? 0 : digit) + 1 + random.below(15)) % 16;
  return `${text.slice(0, at)}${other.toString(16)}${text.slice(at + 1)}`;
}
