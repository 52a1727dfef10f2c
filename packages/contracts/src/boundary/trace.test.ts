import { expect, test } from 'vitest';
import { findIssuePointers, testModel } from '../../test/model-laws.ts';
import {
  executionTraceSchema,
  executorTraceSchema,
  traceEventSchema,
  traceStageSchema,
  verdictTraceSchema,
} from './trace.ts';

const event = {
  event_id: '1QYRMXXK5MMZT3VZ4373675NE1',
  stage: 'intent_received',
  ok: true,
  code: 'RECEIVED',
};
const eventDefaults = {
  details: {},
  timestamp: null,
  sequence: 0,
  checksum: null,
  parent_event_id: null,
  event_hash: null,
};

testModel('TraceEvent', {
  schema: traceEventSchema,
  required: event,
  defaults: eventDefaults,
  order: 'event_id stage ok code details timestamp sequence checksum parent_event_id event_hash',
  invalid: [
    [{ stage: 'started' }, '/stage'],
    [{ sequence: 0.5 }, '/sequence'],
    [{ timestamp: 'now' }, '/timestamp'],
  ],
});

test('the pipeline of the ancestor has eight stages', () => {
  const stages =
    'intent_received policy_evaluated safety_evaluated verdict_resolved approval_checked target_validated executor_dispatched completed';
  expect(traceStageSchema.options.join(' ')).toBe(stages);
});

testModel('ExecutorTrace', {
  schema: executorTraceSchema,
  required: { executor_name: 'ex', executor_version: '1', capabilities: {}, validation_result: { result: 'valid' } },
  defaults: { execution_start: null, execution_end: null, resource_usage: {} },
  order: 'executor_name executor_version capabilities validation_result execution_start execution_end resource_usage',
  invalid: [[{ validation_result: 'valid' }, '/validation_result']],
});

const verdicts = {
  policy_verdict: 'deny',
  policy_decision_id: '7AY1305B035YX9AERH01PCQBSC',
  policy_rationale: 'r',
  safety_verdict: 'skipped',
  safety_rationale: 'policy_deny_short_circuit',
  final_verdict: 'deny',
};
const verdictDefaults = {
  policy_evidence: {},
  safety_rule_ids: [],
  resolution_evidence: {},
  resolution_rules_applied: [],
};

testModel('VerdictTrace', {
  schema: verdictTraceSchema,
  required: verdicts,
  defaults: verdictDefaults,
  order:
    'policy_verdict policy_decision_id policy_rationale policy_evidence safety_verdict safety_rule_ids safety_rationale final_verdict resolution_evidence resolution_rules_applied',
  invalid: [[{ final_verdict: 'skipped' }, '/final_verdict']],
});

const trace = { trace_id: '2AP5QQ97ZXVNV39BN8W1NDAHPG', correlation_id: 'i1', intent_id: 'i1' };

testModel('ExecutionTrace', {
  schema: executionTraceSchema,
  required: trace,
  defaults: {
    bundle_id: null,
    events: [],
    event_sequence: [],
    final_verdict: 'allow',
    policy_decision_id: null,
    safety_verdict_id: null,
    verdict_trace: null,
    executor_trace: null,
    trace_hash: null,
    integrity_checksum: null,
    replay_timestamp: null,
    audit_stream_id: null,
    audit_event_count: 0,
    trace_created_at: null,
  },
  order:
    'trace_id correlation_id intent_id bundle_id events event_sequence final_verdict policy_decision_id safety_verdict_id verdict_trace executor_trace trace_hash integrity_checksum replay_timestamp audit_stream_id audit_event_count trace_created_at',
  invalid: [
    [{ final_verdict: 'maybe' }, '/final_verdict'],
    [{ events: [{ ...event, stage: 'x' }] }, '/events/0/stage'],
    [{ event_sequence: [0] }, '/event_sequence/0'],
    [{ verdict_trace: { ...verdicts, final_verdict: 'x' } }, '/verdict_trace/final_verdict'],
    [{ executor_trace: { executor_name: 'ex' } }, '/executor_trace/executor_version'],
  ],
});

test('a trace is strict at every depth', () => {
  const nested = { ...trace, events: [{ ...event, extra: 1 }], verdict_trace: { ...verdicts, extra: 1 } };
  expect(findIssuePointers(executionTraceSchema, nested)).toEqual(['/events/0', '/verdict_trace']);
});
