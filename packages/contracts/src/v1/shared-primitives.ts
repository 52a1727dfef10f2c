import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';
import {
  legacyTimeSchema,
  mapSchema,
  openObjectSchema,
  openTextListSchema,
  optionalTextSchema,
  severitySchema,
  ulidSchema,
  unitIntervalSchema,
} from './scalars.ts';

const versionSchema = z.string().default('1.0.0');
const timeKeywords = { type: 'string', description: 'ISO 8601 date and time' };

/** A pointer to a piece of evidence. The digest is free text here, as it was. */
export const evidenceRefV1Schema = z.strictObject({
  schema_version: versionSchema,
  evidence_id: ulidSchema,
  evidence_type: z.enum(['telemetry', 'belief', 'external', 'derived']),
  source_id: z.string(),
  tenant_id: z.string(),
  timestamp_utc: legacyTimeSchema,
  hash_sha256: z.string(),
  metadata: openObjectSchema,
});
export type EvidenceRefV1 = z.infer<typeof evidenceRefV1Schema>;

const evidenceListSchema = z.array(evidenceRefV1Schema).min(1);

/** A change of a belief. `confidence_delta` has no bounds in the ancestor, whatever its documents say. */
export const beliefDeltaV1Schema = z.strictObject({
  schema_version: versionSchema,
  delta_id: ulidSchema,
  belief_id: ulidSchema,
  delta_type: z.enum(['create', 'reinforce', 'decay', 'contradict']),
  confidence_delta: z.number(),
  new_confidence: unitIntervalSchema,
  evidence_refs: evidenceListSchema,
  reason: z.string(),
  temporal_context: openObjectSchema,
  timestamp_utc: legacyTimeSchema,
});
export type BeliefDeltaV1 = z.infer<typeof beliefDeltaV1Schema>;

/** A claim that evidence can support or refute. */
export const hypothesisV1Schema = z.strictObject({
  schema_version: versionSchema,
  hypothesis_id: ulidSchema,
  title: z.string(),
  description: z.string(),
  hypothesis_type: z.enum(['threat', 'pattern', 'causal', 'correlation']),
  confidence_score: unitIntervalSchema,
  supporting_evidence: evidenceListSchema,
  contradicting_evidence: z.array(evidenceRefV1Schema).default(() => []),
  testable_prediction: z.string(),
  falsifiable_criteria: z.array(z.string()),
  analyst_assessment: openObjectSchema,
  timestamp_utc: legacyTimeSchema,
});
export type HypothesisV1 = z.infer<typeof hypothesisV1Schema>;

/** An account of what happened, resting on hypotheses. */
export const narrativeV1Schema = z.strictObject({
  schema_version: versionSchema,
  narrative_id: ulidSchema,
  title: z.string(),
  summary: z.string(),
  detailed_analysis: z.string(),
  narrative_type: z.enum(['threat_assessment', 'incident_timeline', 'pattern_analysis', 'conclusion']),
  confidence_level: z.enum(['low', 'medium', 'high']),
  key_findings: z.array(z.string()),
  supporting_hypotheses: z.array(hypothesisV1Schema).min(1),
  evidence_citations: evidenceListSchema,
  analyst_confidence: unitIntervalSchema,
  recommendations: openTextListSchema,
  timestamp_utc: legacyTimeSchema,
});
export type NarrativeV1 = z.infer<typeof narrativeV1Schema>;

/** Something that was found, and how bad it is. */
export const findingV1Schema = z.strictObject({
  schema_version: versionSchema,
  finding_id: ulidSchema,
  title: z.string(),
  description: z.string(),
  finding_type: z.enum(['vulnerability', 'compromise', 'anomaly', 'pattern', 'risk']),
  severity: severitySchema,
  confidence: unitIntervalSchema,
  evidence_refs: evidenceListSchema,
  affected_entities: z.array(z.string()),
  impact_assessment: z.string(),
  mitigation_suggestions: openTextListSchema,
  timestamp_utc: legacyTimeSchema,
});
export type FindingV1 = z.infer<typeof findingV1Schema>;

/** One event on a timeline. Bounds are optional even when the precision is `bounded`. */
export const timelineEventV1Schema = z.strictObject({
  schema_version: versionSchema,
  event_id: ulidSchema,
  timestamp_utc: legacyTimeSchema,
  timestamp_precision: z.enum(['exact', 'estimated', 'bounded']),
  timestamp_bounds: mapSchema(legacyTimeSchema, timeKeywords).nullable().default(null),
  event_type: z.string(),
  description: z.string(),
  entities_involved: z.array(z.string()),
  evidence_refs: evidenceListSchema,
  confidence: unitIntervalSchema,
  metadata: openObjectSchema,
});
export type TimelineEventV1 = z.infer<typeof timelineEventV1Schema>;

/** A contradiction and whether it is settled. */
export const conflictV1Schema = z.strictObject({
  schema_version: versionSchema,
  conflict_id: ulidSchema,
  conflict_type: z.enum(['timestamp', 'evidence', 'interpretation', 'completeness']),
  description: z.string(),
  conflicting_items: z.array(jsonObjectSchema).min(2),
  evidence_refs: evidenceListSchema,
  resolution_status: z.enum(['unresolved', 'resolved', 'accepted_uncertainty']).default('unresolved'),
  resolution_method: optionalTextSchema,
  uncertainty_bounds: openObjectSchema,
  impact_assessment: z.string(),
  timestamp_utc: legacyTimeSchema,
});
export type ConflictV1 = z.infer<typeof conflictV1Schema>;

/** Events about one entity. Their order is not enforced, nor are the keys of `time_bounds`. */
export const timelineV1Schema = z.strictObject({
  schema_version: versionSchema,
  timeline_id: ulidSchema,
  title: z.string(),
  description: z.string(),
  subject_entity: z.string(),
  time_bounds: mapSchema(legacyTimeSchema, timeKeywords),
  events: z.array(timelineEventV1Schema).min(1),
  confidence_score: unitIntervalSchema,
  completeness_estimate: unitIntervalSchema,
  conflicts: z.array(conflictV1Schema).default(() => []),
  metadata: openObjectSchema,
  generated_at_utc: legacyTimeSchema,
});
export type TimelineV1 = z.infer<typeof timelineV1Schema>;
