import { z } from 'zod';
import { digestSchema, identifierSchema, scopeNameSchema, timeSchema } from './primitives.ts';

/** Every kind of record, first those of one action in their usual order, then those of the cell itself. */
export const recordKindSchema = z.enum([
  'intent_received',
  'verdict_resolved',
  'approval_requested',
  'approval_decided',
  'approval_revoked',
  'standing_grant_used',
  'target_validated',
  'execution_authorized',
  'execution_completed',
  'stream_closed',
  'ambiguity_resolved',
  'policy_activated',
  'switch_changed',
  'key_rotated',
  'checkpoint_witnessed',
  'event_ingested',
  'payload_erased',
  'attempt_refused',
  'standing_grant_changed',
  'action_observed',
  'capability_registered',
  'capability_activated',
  'capability_denied',
]);
export type RecordKind = z.infer<typeof recordKindSchema>;

/** Largest sealed record, in bytes: the entry limit of a C2SP tlog-tiles entry bundle, rounded to 64 KiB minus one. */
export const MAX_RECORD_BYTES = 65_535;

/** Domain of a payload commitment: SHA-256 of the domain, a zero byte, a 16-byte salt and the canonical payload. */
export const PAYLOAD_DOMAIN = 'exoarmur.payload/1';

/** Largest canonical payload, in bytes. */
export const MAX_PAYLOAD_BYTES = 4_194_304;

/**
 * The header of one step, sealed once and kept for ever. Holds pseudonymous ids only: what is personal is in the payload.
 * Its identity is its RFC 6962 leaf hash, SHA-256(0x00 || canonical bytes).
 */
export const sealedRecordSchema = z.strictObject({
  schema: z.literal('exoarmur.record/1'),
  tenant: scopeNameSchema,
  cell: scopeNameSchema,
  correlation: identifierSchema,
  stream: identifierSchema,
  /** Dense from 0 within the stream. */
  seq: z.int().min(0).max(1_000_000),
  /** Leaf hash of the previous record of the stream as digest text; null at 0. */
  prev: digestSchema.nullable(),
  kind: recordKindSchema,
  time: timeSchema,
  actor: z.strictObject({ type: z.enum(['agent', 'human', 'service', 'boundary']), id: identifierSchema }),
  trace: identifierSchema.nullable(),
  payload: z.strictObject({ digest: digestSchema, size: z.int().min(2).max(MAX_PAYLOAD_BYTES) }),
});
export type SealedRecord = z.infer<typeof sealedRecordSchema>;
