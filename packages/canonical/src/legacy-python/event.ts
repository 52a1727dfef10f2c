import { CanonicalError, quote } from '../errors.ts';
import { compareCodePoints, formatLegacyJson } from './dialects.ts';
import { hashLegacyJson } from './hash.ts';
import { parseLegacyJson } from './reader.ts';
import { isLegacyObject, type LegacyObject, type LegacyValue } from './value.ts';

/** The ancestor's replay event. Nothing but `payload` is covered by `payload_hash`, and no field is checked for its type. */
export interface LegacyEvent {
  readonly event_id: LegacyValue;
  readonly event_type: LegacyValue;
  readonly actor: LegacyValue;
  readonly correlation_id: LegacyValue;
  readonly payload: LegacyValue;
  readonly payload_hash: LegacyValue;
  readonly sequence_number: LegacyValue;
  readonly parent_event_id: LegacyValue;
  readonly cell_id: LegacyValue;
  readonly tenant_id: LegacyValue;
  readonly trace_id: LegacyValue;
}

/** What the ancestor sorts events by: priority, id by code point, sequence number or 0. */
export type LegacyOrderingKey = readonly [priority: number, eventId: string, sequence: bigint];

const REQUIRED_FIELDS = ['event_id', 'event_type', 'actor', 'correlation_id', 'payload', 'payload_hash'] as const;
const DEFAULTS: readonly (readonly [keyof LegacyEvent, LegacyValue])[] = [
  ['sequence_number', null],
  ['parent_event_id', null],
  ['cell_id', ''],
  ['tenant_id', ''],
  ['trace_id', ''],
];
const FIELDS: readonly (keyof LegacyEvent)[] = [...REQUIRED_FIELDS, ...DEFAULTS.map(([name]) => name)];

const PRIORITIES: ReadonlyMap<string, number> = new Map(
  [
    'TELEMETRY_INGESTED',
    'SAFETY_GATE_EVALUATED',
    'APPROVAL_REQUESTED',
    'APPROVAL_BOUND_TO_INTENT',
    'INTENT_DENIED',
    'INTENT_EXECUTED',
    'APPROVAL_APPROVED',
    'APPROVAL_DENIED',
    'BELIEF_CREATION_STARTED',
    'BELIEF_CREATED',
  ].map((type, index) => [type, index + 1]),
);
const LAST_PRIORITY = 999;

/**
 * Makes an event of its fields as the ancestor did: defaults filled in, and a `payload_hash` that Python calls false computed.
 * @throws CanonicalError CANONICAL_LEGACY_EVENT_MALFORMED for a missing or unknown field, CANONICAL_LEGACY_VALUE_UNSUPPORTED
 * for a payload that has no hash.
 */
export function createLegacyEvent(fields: LegacyObject): LegacyEvent {
  for (const name of fields.keys()) {
    if (!(FIELDS as readonly string[]).includes(name)) throw malformed(`event has the unknown field ${quote(name)}`);
  }
  const field = (name: keyof LegacyEvent): LegacyValue => {
    const value = fields.get(name) ?? null;
    if (value === null && !fields.has(name)) {
      const fallback = DEFAULTS.find(([other]) => other === name);
      if (fallback === undefined) throw malformed(`event has no ${name}`);
      return fallback[1];
    }
    return value;
  };
  const payload = field('payload');
  const given = field('payload_hash');
  return {
    event_id: field('event_id'),
    event_type: field('event_type'),
    actor: field('actor'),
    correlation_id: field('correlation_id'),
    payload,
    payload_hash: isTruthy(given) ? given : hashLegacyPayload(payload),
    sequence_number: field('sequence_number'),
    parent_event_id: field('parent_event_id'),
    cell_id: field('cell_id'),
    tenant_id: field('tenant_id'),
    trace_id: field('trace_id'),
  };
}

/** The event as an object, in the ancestor's field order. */
export function formatLegacyEvent(event: LegacyEvent): LegacyObject {
  return new Map(FIELDS.map((name) => [name, event[name]]));
}

/** Hex hash of a payload in the `replay` dialect. @throws CanonicalError CANONICAL_LEGACY_VALUE_UNSUPPORTED */
export function hashLegacyPayload(payload: LegacyValue): string {
  return hashLegacyJson(payload, 'replay');
}

/** Whether the stored payload hash is the hash of the payload. Says nothing about the other ten fields. */
export function isLegacyPayloadIntact(event: Pick<LegacyEvent, 'payload' | 'payload_hash'>): boolean {
  try {
    return hashLegacyPayload(event.payload) === event.payload_hash;
  } catch (error) {
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

/** Priority of an event type, 1 to 10, whatever its letter case; 999 for an unknown one. */
export function legacyEventPriority(eventType: string): number {
  return PRIORITIES.get(eventType.toUpperCase()) ?? LAST_PRIORITY;
}

/**
 * The key that orders an event. @throws CanonicalError CANONICAL_LEGACY_EVENT_MALFORMED for an id or type that is no string,
 * or a sequence number that is neither null nor an integer; the ancestor dropped such events silently.
 */
export function legacyOrderingKey(
  event: Pick<LegacyEvent, 'event_id' | 'event_type' | 'sequence_number'>,
): LegacyOrderingKey {
  const { event_id, event_type, sequence_number } = event;
  if (typeof event_id !== 'string' || typeof event_type !== 'string')
    throw malformed('event id and type must be strings');
  if (sequence_number !== null && typeof sequence_number !== 'bigint')
    throw malformed('sequence number must be an integer');
  return [legacyEventPriority(event_type), event_id, sequence_number ?? 0n];
}

/** Compares two ordering keys. */
export function compareLegacyOrderingKeys(a: LegacyOrderingKey, b: LegacyOrderingKey): number {
  return a[0] - b[0] || compareCodePoints(a[1], b[1]) || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
}

/** Events in the ancestor's replay order; equal keys keep their input order. @throws CanonicalError as {@link legacyOrderingKey}. */
export function sortLegacyEvents<E extends Pick<LegacyEvent, 'event_id' | 'event_type' | 'sequence_number'>>(
  events: readonly E[],
): E[] {
  const keyed = events.map((event) => [legacyOrderingKey(event), event] as const);
  return keyed.sort(([a], [b]) => compareLegacyOrderingKeys(a, b)).map(([, event]) => event);
}

/**
 * The event that the ancestor made of an audit record. The record's own hash, time and sequence number are dropped, the actor
 * is mostly replaced by `system`, and the payload hash is computed anew, so it proves nothing about the record.
 * @throws CanonicalError CANONICAL_LEGACY_VALUE_UNSUPPORTED for a payload that has no hash.
 */
export function projectLegacyRecord(record: LegacyObject, sequenceNumber: bigint | null = null): LegacyEvent {
  const first = (names: readonly string[], fallback: LegacyValue): LegacyValue => {
    const name = names.find((candidate) => record.has(candidate));
    return name === undefined ? fallback : (record.get(name) ?? null);
  };
  const stored = first(['payload_ref', 'payload'], null) ?? new Map<string, LegacyValue>();
  // Containers pass through their canonical text, so floats arrive rounded and NaN as the string "null"; scalars do not.
  const payload = typeof stored === 'object' ? parseLegacyJson(formatLegacyJson(stored, 'replay')) : stored;
  const actor = first(['actor'], null);
  return {
    event_id: first(['audit_id', 'event_id'], ''),
    event_type: first(['event_kind', 'event_type'], ''),
    actor: isTruthy(actor) ? actor : 'system',
    correlation_id: first(['correlation_id'], ''),
    payload,
    payload_hash: hashLegacyPayload(payload),
    sequence_number: sequenceNumber,
    parent_event_id: first(['parent_event_id'], null),
    cell_id: first(['cell_id'], ''),
    tenant_id: first(['tenant_id'], ''),
    trace_id: first(['trace_id'], ''),
  };
}

/** What Python's `if value` says. */
function isTruthy(value: LegacyValue): boolean {
  if (isLegacyObject(value)) return value.size > 0;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_LEGACY_EVENT_MALFORMED', message);
}
