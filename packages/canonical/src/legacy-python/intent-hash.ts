import { CanonicalError, quote } from '../errors.ts';
import { hashLegacyJson } from './hash.ts';
import { isLegacyObject, type LegacyObject, type LegacyValue } from './value.ts';

const TEXT_FIELDS = [
  'cell_id',
  'correlation_id',
  'idempotency_key',
  'intent_type',
  'schema_version',
  'tenant_id',
  'trace_id',
] as const;
const OBJECT_FIELDS = ['policy_context', 'safety_context', 'subject'] as const;
const ALL_FIELDS: ReadonlySet<string> = new Set([
  ...TEXT_FIELDS,
  ...OBJECT_FIELDS,
  'action_class',
  'intent_id',
  'parameters',
  'requested_at',
  'ttl_seconds',
]);

const ACTION_CLASSES = ['A0_observe', 'A1_soft_containment', 'A2_hard_containment', 'A3_irreversible'];
const INTENT_ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const TIME =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?$/;
const WHITE_SPACE = /^\p{White_Space}$/u;
const INTEGER = /^[+-]?[0-9]{1,4300}$/;

/** Hex hash of an ExecutionIntentV1. @throws CanonicalError CANONICAL_LEGACY_INTENT_MALFORMED */
export function legacyIntentHash(intent: LegacyObject): string {
  return hashLegacyJson(legacyIntentPreimage(intent), 'replay');
}

/**
 * The object that {@link legacyIntentHash} hashes: the fifteen fields as the ancestor's model re-printed them, with outer
 * white space trimmed, absent optional fields null and the time in Python's spelling.
 * @throws CanonicalError CANONICAL_LEGACY_INTENT_MALFORMED for a missing, unknown or badly typed field.
 */
export function legacyIntentPreimage(intent: LegacyObject): LegacyObject {
  for (const name of intent.keys()) {
    if (!ALL_FIELDS.has(name)) throw malformed(`intent has the unknown field ${quote(name)}`);
  }
  const preimage = new Map<string, LegacyValue>();
  for (const name of TEXT_FIELDS) preimage.set(name, readText(intent, name));
  for (const name of OBJECT_FIELDS) preimage.set(name, readObject(intent, name));
  preimage.set('action_class', readChoice(intent));
  preimage.set('intent_id', readIntentId(intent));
  preimage.set('parameters', (intent.get('parameters') ?? null) === null ? null : readObject(intent, 'parameters'));
  preimage.set('requested_at', readTime(intent));
  preimage.set('ttl_seconds', readTtl(intent.get('ttl_seconds') ?? null));
  return preimage;
}

function readText(intent: LegacyObject, name: string): string {
  const value = intent.get(name);
  if (typeof value !== 'string') throw malformed(`intent field ${name} must be a string`);
  return trimOuterSpace(value);
}

function readObject(intent: LegacyObject, name: string): LegacyObject {
  const value = intent.get(name);
  if (!isLegacyObject(value)) throw malformed(`intent field ${name} must be an object`);
  // Keys are trimmed like every string of the model, values of unknown type are not.
  return new Map([...value].map(([key, member]) => [trimOuterSpace(key), member]));
}

function readChoice(intent: LegacyObject): string {
  const value = intent.get('action_class');
  if (typeof value !== 'string' || !ACTION_CLASSES.includes(value))
    throw malformed('intent has an unknown action class');
  return value;
}

function readIntentId(intent: LegacyObject): string {
  const id = readText(intent, 'intent_id');
  if (!INTENT_ID.test(id)) throw malformed('intent id must be 26 characters of Crockford base32');
  return id;
}

function readTime(intent: LegacyObject): string {
  const value = intent.get('requested_at');
  const [, date, time, fraction = '', offset = ''] = (typeof value === 'string' ? TIME.exec(value) : null) ?? [];
  if (date === undefined || time === undefined) throw malformed('requested_at must be an ISO 8601 time');
  if (!isCalendarTime(`${date}T${time}`)) throw malformed('requested_at is not a time of the calendar');
  // Python keeps microseconds, prints all six digits or none, and writes UTC as an offset.
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  return `${date}T${time}${micros === '000000' ? '' : `.${micros}`}${/^[Zz]$/.test(offset) ? '+00:00' : offset}`;
}

// `Date.parse` rolls the 30th of February and 24:00 over, and knows a year 0; Python refuses all three.
function isCalendarTime(text: string): boolean {
  const instant = Date.parse(`${text}Z`);
  return !text.startsWith('0000') && !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

function readTtl(value: LegacyValue): LegacyValue {
  if (value === null || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string') {
    const text = trimOuterSpace(value);
    if (INTEGER.test(text)) return BigInt(text.replace(/^\+/, ''));
  }
  throw malformed('ttl_seconds must be an integer');
}

// A pattern anchored at the end would be tried from every blank inside the text, so the ends are found by index.
function trimOuterSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start++;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_LEGACY_INTENT_MALFORMED', message);
}
