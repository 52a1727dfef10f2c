import { ulidOfLegacyJson } from './content-id.ts';
import { hashLegacyJson } from './hash.ts';
import type { LegacyObject, LegacyValue } from './value.ts';

/** The four inputs of the ancestor's audit derivations; cell, trace and time were none. */
export interface LegacyAuditSubject {
  readonly correlation_id: LegacyValue;
  readonly event_kind: LegacyValue;
  readonly payload_ref: LegacyValue;
  readonly tenant_id: LegacyValue;
}

/** Hex idempotency key of an audit record. */
export function legacyIdempotencyKey(subject: LegacyAuditSubject): string {
  return hashLegacyJson(subjectObject(subject), 'spaced-ascii');
}

/** ULID of an audit record, over the subject and its idempotency key, the derived one unless another is given. */
export function legacyAuditId(
  subject: LegacyAuditSubject,
  idempotencyKey: string = legacyIdempotencyKey(subject),
): string {
  return ulidOfLegacyJson(new Map([...subjectObject(subject), ['idempotency_key', idempotencyKey]]), 'spaced-ascii');
}

/** Hex hash of an audit record's payload, `hashes.sha256`. */
export function legacyAuditPayloadHash(payloadRef: LegacyValue): string {
  return hashLegacyJson(payloadRef, 'spaced-ascii');
}

function subjectObject(subject: LegacyAuditSubject): LegacyObject {
  const { correlation_id, event_kind, payload_ref, tenant_id } = subject;
  return new Map(Object.entries({ correlation_id, event_kind, payload_ref, tenant_id }));
}
