import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';
import { signatureInfoV1Schema } from './handshake-messages.ts';
import {
  legacyTimeSchema,
  mapSchema,
  openTextListSchema,
  optionalTextSchema,
  percentageSchema,
  unitIntervalSchema,
} from './scalars.ts';

/** What an observation is about. */
export const observationTypeSchema = z.enum([
  'telemetry_summary',
  'threat_intel',
  'anomaly_detection',
  'system_health',
  'network_activity',
  'custom',
]);
export type ObservationType = z.infer<typeof observationTypeSchema>;

/** Payload without members of its own kind: a free `payload_type` and open data. */
export const observationPayloadV1Schema = z.strictObject({ payload_type: z.string(), data: jsonObjectSchema });
export type ObservationPayloadV1 = z.infer<typeof observationPayloadV1Schema>;

/** Counts of telemetry over a window. */
export const telemetrySummaryPayloadV1Schema = z.strictObject({
  payload_type: z.literal('telemetry_summary').default('telemetry_summary'),
  data: jsonObjectSchema,
  event_count: z.int(),
  time_window_seconds: z.int(),
  event_types: z.array(z.string()),
  severity_distribution: mapSchema(z.int(), { type: 'integer' }),
});
export type TelemetrySummaryPayloadV1 = z.infer<typeof telemetrySummaryPayloadV1Schema>;

/** Indicators of compromise by source. */
export const threatIntelPayloadV1Schema = z.strictObject({
  payload_type: z.literal('threat_intel').default('threat_intel'),
  data: jsonObjectSchema,
  ioc_count: z.int(),
  threat_types: z.array(z.string()),
  confidence_score: unitIntervalSchema,
  sources: z.array(z.string()),
});
export type ThreatIntelPayloadV1 = z.infer<typeof threatIntelPayloadV1Schema>;

/** A departure from a baseline. */
export const anomalyDetectionPayloadV1Schema = z.strictObject({
  payload_type: z.literal('anomaly_detection').default('anomaly_detection'),
  data: jsonObjectSchema,
  anomaly_score: unitIntervalSchema,
  affected_entities: z.array(z.string()),
  anomaly_type: z.string(),
  baseline_deviation: z.number(),
});
export type AnomalyDetectionPayloadV1 = z.infer<typeof anomalyDetectionPayloadV1Schema>;

/** Load of a system; utilisation in percent. */
export const systemHealthPayloadV1Schema = z.strictObject({
  payload_type: z.literal('system_health').default('system_health'),
  data: jsonObjectSchema,
  cpu_utilization: percentageSchema,
  memory_utilization: percentageSchema,
  disk_utilization: percentageSchema,
  network_latency_ms: z.number(),
  service_status: mapSchema(z.string(), { type: 'string' }),
});
export type SystemHealthPayloadV1 = z.infer<typeof systemHealthPayloadV1Schema>;

/** Connections seen in a network. */
export const networkActivityPayloadV1Schema = z.strictObject({
  payload_type: z.literal('network_activity').default('network_activity'),
  data: jsonObjectSchema,
  connection_count: z.int(),
  bytes_transferred: z.int(),
  top_protocols: z.array(z.string()),
  suspicious_ips: z.array(z.string()),
});
export type NetworkActivityPayloadV1 = z.infer<typeof networkActivityPayloadV1Schema>;

/**
 * What one cell tells the others it has seen. The payload is one of the five typed ones with all its members, or the base
 * one with open data alone: nothing between the two, so no member is lost on the way.
 */
export const observationV1Schema = z.strictObject({
  schema_version: z.string().default('2.0.0'),
  observation_id: z.string(),
  source_federate_id: z.string(),
  timestamp_utc: legacyTimeSchema,
  correlation_id: optionalTextSchema,
  nonce: optionalTextSchema,
  observation_type: observationTypeSchema,
  confidence: unitIntervalSchema,
  evidence_refs: openTextListSchema,
  payload: z.union([
    telemetrySummaryPayloadV1Schema,
    threatIntelPayloadV1Schema,
    anomalyDetectionPayloadV1Schema,
    systemHealthPayloadV1Schema,
    networkActivityPayloadV1Schema,
    observationPayloadV1Schema,
  ]),
  signature: signatureInfoV1Schema.nullable().default(null),
});
export type ObservationV1 = z.infer<typeof observationV1Schema>;
