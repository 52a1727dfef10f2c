import { expect, test } from 'vitest';
import { findIssuePointers, type ModelCase, TIME, testModel } from '../../test/model-laws.ts';
import {
  anomalyDetectionPayloadV1Schema,
  networkActivityPayloadV1Schema,
  observationPayloadV1Schema,
  observationTypeSchema,
  observationV1Schema,
  systemHealthPayloadV1Schema,
  telemetrySummaryPayloadV1Schema,
  threatIntelPayloadV1Schema,
} from './observations.ts';

testModel('ObservationPayloadV1', {
  schema: observationPayloadV1Schema,
  required: { payload_type: 'anything', data: {} },
  order: 'payload_type data',
});

const summary = {
  data: {},
  event_count: 10,
  time_window_seconds: 300,
  event_types: ['x'],
  severity_distribution: { low: 5 },
};

const typed: Record<string, Omit<ModelCase, 'defaults' | 'order'>> = {
  telemetry_summary: {
    schema: telemetrySummaryPayloadV1Schema,
    required: summary,
    invalid: [
      [{ severity_distribution: { low: 'many' } }, '/severity_distribution/low'],
      [{ event_count: 0.5 }, '/event_count'],
      [{ payload_type: 'custom' }, '/payload_type'],
    ],
  },
  threat_intel: {
    schema: threatIntelPayloadV1Schema,
    required: { data: {}, ioc_count: 1, threat_types: [], confidence_score: 0.5, sources: [] },
    invalid: [[{ confidence_score: 1.5 }, '/confidence_score']],
  },
  anomaly_detection: {
    schema: anomalyDetectionPayloadV1Schema,
    required: { data: {}, anomaly_score: 0, affected_entities: [], anomaly_type: 'a', baseline_deviation: -3.5 },
    invalid: [
      [{ anomaly_score: -1 }, '/anomaly_score'],
      [{ baseline_deviation: Number.NaN }, '/baseline_deviation'],
    ],
  },
  system_health: {
    schema: systemHealthPayloadV1Schema,
    required: {
      data: {},
      cpu_utilization: 0,
      memory_utilization: 50.5,
      disk_utilization: 100,
      network_latency_ms: 1.5,
      service_status: { db: 'up' },
    },
    invalid: [
      [{ cpu_utilization: 100.1 }, '/cpu_utilization'],
      [{ memory_utilization: -1 }, '/memory_utilization'],
      [{ disk_utilization: 101 }, '/disk_utilization'],
      [{ service_status: { db: true } }, '/service_status/db'],
    ],
  },
  network_activity: {
    schema: networkActivityPayloadV1Schema,
    required: { data: {}, connection_count: 1, bytes_transferred: 2, top_protocols: [], suspicious_ips: [] },
    invalid: [
      [{ bytes_transferred: 1e21 }, '/bytes_transferred'],
      [{ suspicious_ips: [1] }, '/suspicious_ips/0'],
    ],
  },
};

for (const [payloadType, model] of Object.entries(typed)) {
  testModel(`payload ${payloadType}`, {
    ...model,
    defaults: { payload_type: payloadType },
    order: ['payload_type', ...Object.keys(model.required)].join(' '),
  });
}

const observation = {
  observation_id: 'obs-1',
  source_federate_id: 'cell-us-east-1',
  timestamp_utc: '2026-01-23T18:00:00+00:00',
  observation_type: 'telemetry_summary',
  confidence: 0.9,
  payload: { payload_type: 'telemetry_summary', ...summary },
};

testModel('ObservationV1', {
  schema: observationV1Schema,
  required: observation,
  defaults: { schema_version: '2.0.0', correlation_id: null, nonce: null, evidence_refs: [], signature: null },
  order:
    'schema_version observation_id source_federate_id timestamp_utc correlation_id nonce observation_type confidence evidence_refs payload signature',
  invalid: [
    [{ observation_type: 'rumour' }, '/observation_type'],
    [{ confidence: 1.1 }, '/confidence'],
    [{ timestamp_utc: `${TIME} ` }, '/timestamp_utc'],
    [{ payload: { payload_type: 'threat_intel', data: {}, ioc_count: 1 } }, '/payload'],
    [{ payload: { ...observation.payload, extra: 1 } }, '/payload'],
    [{ signature: { alg: 'ed25519', key_id: null, cert_fingerprint: null, sig_b64: '' } }, '/signature/key_id'],
  ],
});

test('every typed payload keeps all its members inside an observation', () => {
  for (const [payloadType, model] of Object.entries(typed)) {
    const payload = { payload_type: payloadType, ...model.required };
    expect(observationV1Schema.parse({ ...observation, observation_type: payloadType, payload }).payload).toEqual(
      payload,
    );
  }
});

test('a payload of open data may accompany every type of observation', () => {
  for (const observationType of observationTypeSchema.options) {
    const payload = { payload_type: observationType, data: { n: 1 } };
    const value = { ...observation, observation_type: observationType, payload };
    expect(findIssuePointers(observationV1Schema, value)).toEqual([]);
  }
});
