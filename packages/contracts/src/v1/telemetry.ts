import { z } from 'zod';
import { type JsonObject, jsonObjectSchema } from '../primitives.ts';
import { legacyTimeSchema, severitySchema, ulidSchema } from './scalars.ts';

/** One observation of a sensor, as a cell takes it in. */
export const telemetryEventV1Schema = z.strictObject({
  schema_version: z.string(),
  event_id: ulidSchema,
  tenant_id: z.string(),
  cell_id: z.string(),
  observed_at: legacyTimeSchema,
  received_at: legacyTimeSchema,
  /** By convention `kind`, `name`, `host` and `sensor_id`. */
  source: jsonObjectSchema,
  event_type: z.string(),
  severity: severitySchema,
  attributes: jsonObjectSchema,
  entity_refs: jsonObjectSchema.nullable().default(null),
  correlation_id: z.string(),
  trace_id: z.string(),
});
export type TelemetryEventV1 = z.infer<typeof telemetryEventV1Schema>;

/** What a signal may be about. */
export const subjectTypeSchema = z.enum(['host', 'user', 'process', 'ip', 'service']);
export type SubjectType = z.infer<typeof subjectTypeSchema>;

function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Subject of a signal: an open object that says at least what kind of thing it is and which one. */
export const signalSubjectSchema = jsonObjectSchema
  .superRefine((subject, context) => {
    if (own(subject, 'subject_id') === undefined) {
      context.addIssue({ code: 'custom', message: 'subject_id is missing', path: ['subject_id'] });
    }
    if (!subjectTypeSchema.safeParse(own(subject, 'subject_type')).success) {
      context.addIssue({ code: 'custom', message: 'subject_type is missing or unknown', path: ['subject_type'] });
    }
  })
  .meta({
    type: 'object',
    description:
      'open object; not expressed here: has subject_id, and subject_type is host, user, process, ip or service',
  });

/** Facts drawn from telemetry about one subject. */
export const signalFactsV1Schema = z.strictObject({
  schema_version: z.string(),
  /** Free text: the ancestor does not ask for a ULID here. */
  facts_id: z.string(),
  derived_from_event_ids: z.array(z.string()).min(1),
  tenant_id: z.string(),
  cell_id: z.string(),
  subject: signalSubjectSchema,
  claim_hints: z.array(z.string()),
  features: jsonObjectSchema,
  correlation_id: z.string(),
  trace_id: z.string(),
});
export type SignalFactsV1 = z.infer<typeof signalFactsV1Schema>;
