import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';
import { legacyTimeSchema, optionalTextSchema, ulidSchema } from './scalars.ts';

/** One step in the ancestor's audit trail. Unsigned and unchained: `hashes` covers the payload alone. */
export const auditRecordV1Schema = z.strictObject({
  schema_version: z.string(),
  audit_id: ulidSchema,
  tenant_id: z.string(),
  cell_id: z.string(),
  idempotency_key: z.string(),
  recorded_at: legacyTimeSchema,
  /** An open set. */
  event_kind: z.string(),
  payload_ref: jsonObjectSchema,
  /** By convention `sha256` and `upstream_hashes`. */
  hashes: jsonObjectSchema,
  correlation_id: z.string(),
  trace_id: z.string(),
});
export type AuditRecordV1 = z.infer<typeof auditRecordV1Schema>;

/** Members that `event_data` of each catalogued federation event must have. A `Map`: event names come from outside. */
const REQUIRED_EVENT_DATA: ReadonlyMap<string, readonly string[]> = new Map([
  ['handshake_initiated', ['handshake_id', 'initiator_federate_id', 'target_federate_id', 'handshake_version']],
  ['handshake_completed', ['handshake_id', 'final_state', 'established_trust_score']],
  ['handshake_failed', ['handshake_id', 'failure_reason', 'failed_at_step']],
  ['handshake_timeout', ['handshake_id', 'timeout_duration_seconds', 'last_state']],
  ['observation_ingested', ['observation_id', 'source_federate_id', 'observation_type', 'confidence']],
  ['observation_rejected', ['observation_id', 'source_federate_id', 'rejection_reason']],
  ['belief_created', ['belief_id', 'belief_type', 'confidence', 'source_observations', 'derived_at']],
  ['belief_conflict_detected', ['conflict_key', 'conflicting_beliefs', 'conflict_type']],
  ['conflict_detected', ['arbitration_id', 'conflict_type', 'subject_key', 'conflict_key', 'num_claims']],
  ['arbitration_created', ['arbitration_id', 'conflict_type', 'subject_key', 'approval_id', 'num_claims']],
  ['arbitration_resolution_proposed', ['arbitration_id', 'resolution_type', 'proposed_by']],
  ['arbitration_resolved', ['arbitration_id', 'resolver_federate_id', 'resolution_applied_at', 'decision_summary']],
  ['arbitration_rejected', ['arbitration_id', 'resolver_federate_id', 'rejection_reason']],
  ['feature_flag_changed', ['flag_name', 'old_value', 'new_value', 'changed_by']],
]);

/** Event types of the ancestor's federation audit catalogue. */
export const catalogEventTypeSchema = z.enum([
  'handshake_initiated',
  'handshake_completed',
  'handshake_failed',
  'handshake_timeout',
  'observation_ingested',
  'observation_rejected',
  'belief_created',
  'belief_conflict_detected',
  'conflict_detected',
  'arbitration_created',
  'arbitration_resolution_proposed',
  'arbitration_resolved',
  'arbitration_rejected',
  'feature_flag_changed',
]);
export type CatalogEventType = z.infer<typeof catalogEventTypeSchema>;

/** An event of the federation audit catalogue; `event_data` may hold more than its type requires. */
export const catalogEventSchema = z
  .strictObject({
    event_type: catalogEventTypeSchema,
    timestamp_utc: legacyTimeSchema,
    correlation_id: optionalTextSchema,
    source_federate_id: z.string(),
    event_data: jsonObjectSchema,
  })
  .superRefine((event, context) => {
    for (const key of REQUIRED_EVENT_DATA.get(event.event_type) ?? []) {
      if (Object.hasOwn(event.event_data, key)) continue;
      context.addIssue({ code: 'custom', message: 'is required for this event type', path: ['event_data', key] });
    }
  })
  .meta({ description: 'not expressed here: the members of event_data that each event_type requires' });
export type CatalogEvent = z.infer<typeof catalogEventSchema>;
