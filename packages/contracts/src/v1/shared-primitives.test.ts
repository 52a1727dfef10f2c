import { expect, test } from 'vitest';
import { findIssuePointers, TIME, testModel, ULID } from '../../test/model-laws.ts';
import {
  beliefDeltaV1Schema,
  conflictV1Schema,
  evidenceRefV1Schema,
  findingV1Schema,
  hypothesisV1Schema,
  narrativeV1Schema,
  timelineEventV1Schema,
  timelineV1Schema,
} from './shared-primitives.ts';

const evidence = {
  schema_version: '1.0.0',
  evidence_id: ULID,
  evidence_type: 'telemetry',
  source_id: 's',
  tenant_id: 't',
  timestamp_utc: TIME,
  hash_sha256: 'free text',
  metadata: {},
};
const { schema_version: _version, metadata: _metadata, ...requiredEvidence } = evidence;
const version = { schema_version: '1.0.0' };

testModel('EvidenceRefV1', {
  schema: evidenceRefV1Schema,
  required: requiredEvidence,
  defaults: { ...version, metadata: {} },
  order: 'schema_version evidence_id evidence_type source_id tenant_id timestamp_utc hash_sha256 metadata',
  invalid: [
    [{ evidence_id: 'x' }, '/evidence_id'],
    [{ evidence_type: 'rumour' }, '/evidence_type'],
  ],
});

const delta = {
  delta_id: ULID,
  belief_id: ULID,
  delta_type: 'reinforce',
  confidence_delta: 0.1,
  new_confidence: 0.9,
  evidence_refs: [evidence],
  reason: 'r',
  timestamp_utc: TIME,
};

testModel('BeliefDeltaV1', {
  schema: beliefDeltaV1Schema,
  required: delta,
  defaults: { ...version, temporal_context: {} },
  order:
    'schema_version delta_id belief_id delta_type confidence_delta new_confidence evidence_refs reason temporal_context timestamp_utc',
  invalid: [
    [{ delta_type: 'forget' }, '/delta_type'],
    [{ new_confidence: 1.1 }, '/new_confidence'],
    [{ evidence_refs: [] }, '/evidence_refs'],
    [{ evidence_refs: [{ ...evidence, evidence_id: '' }] }, '/evidence_refs/0/evidence_id'],
    [{ belief_id: 'b' }, '/belief_id'],
  ],
});

test('a change of confidence has no bounds but is finite', () => {
  expect(findIssuePointers(beliefDeltaV1Schema, { ...delta, confidence_delta: -42 })).toEqual([]);
  const infinite = { ...delta, confidence_delta: Number.NEGATIVE_INFINITY };
  expect(findIssuePointers(beliefDeltaV1Schema, infinite)).toEqual(['/confidence_delta']);
});

const hypothesis = {
  hypothesis_id: ULID,
  title: 't',
  description: 'd',
  hypothesis_type: 'causal',
  confidence_score: 0.5,
  supporting_evidence: [evidence],
  testable_prediction: 'p',
  falsifiable_criteria: [],
  timestamp_utc: TIME,
};
const hypothesisDefaults = { ...version, contradicting_evidence: [], analyst_assessment: {} };

testModel('HypothesisV1', {
  schema: hypothesisV1Schema,
  required: hypothesis,
  defaults: hypothesisDefaults,
  order:
    'schema_version hypothesis_id title description hypothesis_type confidence_score supporting_evidence contradicting_evidence testable_prediction falsifiable_criteria analyst_assessment timestamp_utc',
  invalid: [
    [{ hypothesis_type: 'guess' }, '/hypothesis_type'],
    [{ supporting_evidence: [] }, '/supporting_evidence'],
    [{ contradicting_evidence: [{}] }, '/contradicting_evidence/0/evidence_id'],
    [{ confidence_score: 2 }, '/confidence_score'],
  ],
});

testModel('NarrativeV1', {
  schema: narrativeV1Schema,
  required: {
    narrative_id: ULID,
    title: 't',
    summary: 's',
    detailed_analysis: 'd',
    narrative_type: 'conclusion',
    confidence_level: 'low',
    key_findings: [],
    supporting_hypotheses: [{ ...hypothesis, ...hypothesisDefaults }],
    evidence_citations: [evidence],
    analyst_confidence: 0,
    timestamp_utc: TIME,
  },
  defaults: { ...version, recommendations: [] },
  order:
    'schema_version narrative_id title summary detailed_analysis narrative_type confidence_level key_findings supporting_hypotheses evidence_citations analyst_confidence recommendations timestamp_utc',
  invalid: [
    [{ narrative_type: 'tale' }, '/narrative_type'],
    [{ confidence_level: 'critical' }, '/confidence_level'],
    [{ supporting_hypotheses: [] }, '/supporting_hypotheses'],
    [{ evidence_citations: [] }, '/evidence_citations'],
    [{ analyst_confidence: -1 }, '/analyst_confidence'],
  ],
});

testModel('FindingV1', {
  schema: findingV1Schema,
  required: {
    finding_id: ULID,
    title: 't',
    description: 'd',
    finding_type: 'risk',
    severity: 'critical',
    confidence: 1,
    evidence_refs: [evidence],
    affected_entities: [],
    impact_assessment: 'i',
    timestamp_utc: TIME,
  },
  defaults: { ...version, mitigation_suggestions: [] },
  order:
    'schema_version finding_id title description finding_type severity confidence evidence_refs affected_entities impact_assessment mitigation_suggestions timestamp_utc',
  invalid: [
    [{ finding_type: 'bug' }, '/finding_type'],
    [{ severity: 'none' }, '/severity'],
    [{ evidence_refs: [] }, '/evidence_refs'],
  ],
});

const timelineEvent = {
  event_id: ULID,
  timestamp_utc: TIME,
  timestamp_precision: 'bounded',
  event_type: 'e',
  description: 'd',
  entities_involved: [],
  evidence_refs: [evidence],
  confidence: 0.5,
};
const timelineEventDefaults = { ...version, timestamp_bounds: null, metadata: {} };

testModel('TimelineEventV1', {
  schema: timelineEventV1Schema,
  required: timelineEvent,
  defaults: timelineEventDefaults,
  order:
    'schema_version event_id timestamp_utc timestamp_precision timestamp_bounds event_type description entities_involved evidence_refs confidence metadata',
  invalid: [
    [{ timestamp_precision: 'vague' }, '/timestamp_precision'],
    [{ timestamp_bounds: { earliest: 'before' } }, '/timestamp_bounds/earliest'],
    [{ evidence_refs: [] }, '/evidence_refs'],
  ],
});

const conflict = {
  conflict_id: ULID,
  conflict_type: 'timestamp',
  description: 'd',
  conflicting_items: [{}, {}],
  evidence_refs: [evidence],
  impact_assessment: 'i',
  timestamp_utc: TIME,
};

testModel('ConflictV1', {
  schema: conflictV1Schema,
  required: conflict,
  defaults: { ...version, resolution_status: 'unresolved', resolution_method: null, uncertainty_bounds: {} },
  order:
    'schema_version conflict_id conflict_type description conflicting_items evidence_refs resolution_status resolution_method uncertainty_bounds impact_assessment timestamp_utc',
  invalid: [
    [{ conflict_type: 'taste' }, '/conflict_type'],
    [{ conflicting_items: [{}] }, '/conflicting_items'],
    [{ resolution_status: 'ignored' }, '/resolution_status'],
    [{ evidence_refs: [] }, '/evidence_refs'],
  ],
});

testModel('TimelineV1', {
  schema: timelineV1Schema,
  required: {
    timeline_id: ULID,
    title: 't',
    description: 'd',
    subject_entity: 's',
    time_bounds: { start: TIME },
    events: [{ ...timelineEvent, ...timelineEventDefaults }],
    confidence_score: 0.5,
    completeness_estimate: 0.5,
    generated_at_utc: TIME,
  },
  defaults: { ...version, conflicts: [], metadata: {} },
  order:
    'schema_version timeline_id title description subject_entity time_bounds events confidence_score completeness_estimate conflicts metadata generated_at_utc',
  invalid: [
    [{ events: [] }, '/events'],
    [{ events: [{ ...timelineEvent, event_id: 'x' }] }, '/events/0/event_id'],
    [{ time_bounds: { start: 5 } }, '/time_bounds/start'],
    [{ completeness_estimate: 1.5 }, '/completeness_estimate'],
    [{ confidence_score: -0.5 }, '/confidence_score'],
    [{ conflicts: [{ ...conflict, conflict_id: 'x' }] }, '/conflicts/0/conflict_id'],
  ],
});
