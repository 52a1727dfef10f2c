import { canonicalizeToBytes, parseJson } from '@exoarmur/canonical';
import {
  hashLegacyPayload,
  isLegacyObject,
  type LegacyObject,
  legacyAuditPayloadHash,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import { isExoArmurError, quoteForMessage } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';

/** Shapes of foreign events that are understood: any JSON object, and two of the Python ancestor's. */
export type ForeignFormat = 'json' | 'audit_record_v1' | 'canonical_event';

/** What an ingested event is known by. Text of unknown origin, so none of it reaches a header as it is. */
export interface ForeignEvent {
  /** Identity within its source. */
  readonly id: string;
  readonly correlation: string;
  readonly kind: string;
  /** The hash that came with it and was found right; null when it carries none. */
  readonly storedHash: string | null;
  /** JCS of the event: what makes two of them the same. */
  readonly canonical: Uint8Array;
}

/** Largest event text, in bytes. */
export const MAX_EVENT_BYTES = 1_048_576;

interface Fields {
  readonly id: string;
  readonly kind: string;
  readonly hash: string | null;
  readonly hashOf: (event: LegacyObject) => string | null;
}

const FIELDS: { readonly [Format in ForeignFormat]: (event: LegacyObject) => Fields } = {
  json: (event) => ({ id: text(event, 'id'), kind: text(event, 'type'), hash: null, hashOf: () => null }),
  audit_record_v1: (event) => {
    const hashes = event.get('hashes') ?? null;
    const stored = isLegacyObject(hashes) ? hashes.get('sha256') : undefined;
    return {
      id: text(event, 'audit_id'),
      kind: text(event, 'event_kind'),
      hash: typeof stored === 'string' ? stored : null,
      hashOf: (record) => legacyAuditPayloadHash(record.get('payload_ref') ?? null),
    };
  },
  canonical_event: (event) => ({
    id: text(event, 'event_id'),
    kind: text(event, 'event_type'),
    hash: text(event, 'payload_hash'),
    hashOf: (record) => hashLegacyPayload(record.get('payload') ?? null),
  }),
};

/**
 * Reads a foreign event. The hash it carries is recomputed by the ancestor's own rules and compared: a wrong one refuses
 * the event, it is never set right.
 * @throws AuditError AUDIT_INGEST_MALFORMED, AUDIT_INGEST_HASH_MISMATCH
 */
export function readForeignEvent(format: ForeignFormat, source: string): ForeignEvent {
  try {
    const canonical = canonicalizeToBytes(parseJson(source, { maxBytes: MAX_EVENT_BYTES }));
    const event = parseLegacyJson(source);
    if (!isLegacyObject(event)) throw malformed('event is not a JSON object');
    const { id, kind, hash, hashOf } = FIELDS[format](event);
    const computed = hash === null ? null : hashOf(event);
    if (computed !== hash) {
      throw new AuditError(
        'AUDIT_INGEST_HASH_MISMATCH',
        `event ${quoteForMessage(id)} does not match the hash it carries`,
      );
    }
    const correlation = event.get('correlation_id');
    return { id, kind, storedHash: hash, canonical, correlation: typeof correlation === 'string' ? correlation : id };
  } catch (error) {
    if (error instanceof AuditError || !isExoArmurError(error)) throw error;
    const pointer = error.pointer ?? '';
    throw new AuditError('AUDIT_INGEST_MALFORMED', `event cannot be read: ${error.code}`, { cause: error, pointer });
  }
}

function text(event: LegacyObject, name: string): string {
  const value = event.get(name);
  if (typeof value !== 'string' || value === '') throw malformed(`event has no ${name}`, `/${name}`);
  return value;
}

function malformed(message: string, pointer = ''): AuditError {
  return new AuditError('AUDIT_INGEST_MALFORMED', message, { pointer });
}
