import { z } from 'zod';
import { approvalDecidedSchema, approvalRequestSchema, approvalRevokedSchema } from './approval.ts';
import { decisionSchema, verdictSchema } from './decision.ts';
import { grantSchema } from './grant.ts';
import { actionIntentSchema } from './intent.ts';
import { outcomeSchema, outcomeStatusSchema, targetValidationSchema } from './outcome.ts';
import { digestSchema, lineSchema } from './primitives.ts';
import { ambiguityResolvedSchema } from './resolution.ts';
import { standingGrantUsedSchema } from './standing-grant.ts';

/** Why a stream ended. */
export const closeReasonSchema = z.enum([
  'denied',
  'target_refused',
  'approval_denied',
  'approval_expired',
  'executed',
  'execution_failed',
  'execution_ambiguous',
  'cancelled',
]);
export type CloseReason = z.infer<typeof closeReasonSchema>;

/** The last record of a stream: states the count, so that a cut tail shows. */
export const streamClosedSchema = z.strictObject({
  schema: z.literal('exoarmur.stream-closed/1'),
  intent_digest: digestSchema,
  reason: closeReasonSchema,
  final_verdict: verdictSchema,
  outcome: outcomeStatusSchema.nullable(),
  /** Number of records in the stream, this one included. */
  record_count: z.int().min(2).max(1_000_001),
  detail: lineSchema(1024),
});
export type StreamClosed = z.infer<typeof streamClosedSchema>;

/** Payload of each record kind that belongs to the life of an action. */
export const trailPayloadSchemas = {
  intent_received: actionIntentSchema,
  verdict_resolved: decisionSchema,
  approval_requested: approvalRequestSchema,
  approval_decided: approvalDecidedSchema,
  approval_revoked: approvalRevokedSchema,
  standing_grant_used: standingGrantUsedSchema,
  target_validated: targetValidationSchema,
  execution_authorized: grantSchema,
  execution_completed: outcomeSchema,
  stream_closed: streamClosedSchema,
  ambiguity_resolved: ambiguityResolvedSchema,
} as const;

/** Kinds of record that make the life of one action. */
export type TrailKind = keyof typeof trailPayloadSchemas;

/** Whether a kind belongs to the life of an action; the others are facts of the cell. */
export function isTrailKind(kind: string): kind is TrailKind {
  return Object.hasOwn(trailPayloadSchemas, kind);
}

/** Payload by record kind. */
export type TrailPayloads = { [Kind in TrailKind]: z.infer<(typeof trailPayloadSchemas)[Kind]> };
