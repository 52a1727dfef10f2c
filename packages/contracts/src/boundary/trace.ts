import { z } from 'zod';
import { verdictSchema } from '../decision.ts';
import { jsonObjectSchema } from '../primitives.ts';
import { openObjectSchema, openTextListSchema, optionalTextSchema, optionalTimeSchema } from '../v1/scalars.ts';

/** Stages of the ancestor's pipeline. `approval_checked` and `completed` were never emitted. */
export const traceStageSchema = z.enum([
  'intent_received',
  'policy_evaluated',
  'safety_evaluated',
  'verdict_resolved',
  'approval_checked',
  'target_validated',
  'executor_dispatched',
  'completed',
]);
export type TraceStage = z.infer<typeof traceStageSchema>;

/** One stage that was passed. Bundles leave out `timestamp` and members that were null. */
export const traceEventSchema = z.strictObject({
  event_id: z.string(),
  stage: traceStageSchema,
  ok: z.boolean(),
  code: z.string(),
  details: openObjectSchema,
  timestamp: optionalTimeSchema,
  sequence: z.int().default(0),
  checksum: optionalTextSchema,
  parent_event_id: optionalTextSchema,
  /** SHA-256 in hexadecimal over seven members; time and checksum are outside. */
  event_hash: optionalTextSchema,
});
export type TraceEvent = z.infer<typeof traceEventSchema>;

/** Which executor ran and how it judged the target. */
export const executorTraceSchema = z.strictObject({
  executor_name: z.string(),
  executor_version: z.string(),
  capabilities: jsonObjectSchema,
  validation_result: jsonObjectSchema,
  execution_start: optionalTextSchema,
  execution_end: optionalTextSchema,
  resource_usage: openObjectSchema,
});
export type ExecutorTrace = z.infer<typeof executorTraceSchema>;

/** How the verdicts of policy and safety gate became one. `safety_verdict` is `skipped` when the gate did not run. */
export const verdictTraceSchema = z.strictObject({
  policy_verdict: z.string(),
  policy_decision_id: z.string(),
  policy_rationale: z.string(),
  policy_evidence: openObjectSchema,
  safety_verdict: z.string(),
  safety_rule_ids: openTextListSchema,
  safety_rationale: z.string(),
  final_verdict: verdictSchema,
  resolution_evidence: openObjectSchema,
  resolution_rules_applied: openTextListSchema,
});
export type VerdictTrace = z.infer<typeof verdictTraceSchema>;

/** Everything the ancestor's pipeline noted about one intent. */
export const executionTraceSchema = z.strictObject({
  trace_id: z.string(),
  correlation_id: z.string(),
  intent_id: z.string(),
  bundle_id: optionalTextSchema,
  events: z.array(traceEventSchema).default(() => []),
  event_sequence: openTextListSchema,
  final_verdict: verdictSchema.default('allow'),
  policy_decision_id: optionalTextSchema,
  safety_verdict_id: optionalTextSchema,
  verdict_trace: verdictTraceSchema.nullable().default(null),
  executor_trace: executorTraceSchema.nullable().default(null),
  trace_hash: optionalTextSchema,
  integrity_checksum: optionalTextSchema,
  replay_timestamp: optionalTextSchema,
  audit_stream_id: optionalTextSchema,
  audit_event_count: z.int().default(0),
  trace_created_at: optionalTextSchema,
});
export type ExecutionTrace = z.infer<typeof executionTraceSchema>;
