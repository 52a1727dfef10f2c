import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';
import { legacyTimeSchema, optionalTextSchema } from './scalars.ts';

/** Answer to `POST /v1/telemetry/ingest`. */
export const telemetryIngestResponseV1Schema = z.strictObject({
  accepted: z.boolean(),
  correlation_id: z.string(),
  event_id: z.string(),
  belief_id: optionalTextSchema,
  processed_at: legacyTimeSchema,
  trace_id: z.string(),
  approval_id: optionalTextSchema,
  approval_status: optionalTextSchema,
  safety_verdict: optionalTextSchema,
});
export type TelemetryIngestResponseV1 = z.infer<typeof telemetryIngestResponseV1Schema>;

/** Body of an approval or a denial. A denial without a reason is refused by the route, not by the shape. */
export const approvalActionRequestV1Schema = z.strictObject({
  operator_id: z.string(),
  reason: optionalTextSchema,
});
export type ApprovalActionRequestV1 = z.infer<typeof approvalActionRequestV1Schema>;

/** Answer to an approval or a denial. */
export const approvalResponseV1Schema = z.strictObject({
  approval_id: z.string(),
  status: z.string(),
  created_at: legacyTimeSchema,
});
export type ApprovalResponseV1 = z.infer<typeof approvalResponseV1Schema>;

/** Answer to `GET /v1/approvals/{approval_id}`. */
export const approvalStatusResponseV1Schema = z.strictObject({
  approval_id: z.string(),
  status: z.string(),
  created_at: legacyTimeSchema,
  requested_action_class: z.string(),
  correlation_id: z.string(),
});
export type ApprovalStatusResponseV1 = z.infer<typeof approvalStatusResponseV1Schema>;

/** Answer to `GET /v1/audit/{correlation_id}`. Its records are open objects: each is to be parsed on its own. */
export const auditResponseV1Schema = z.strictObject({
  correlation_id: z.string(),
  audit_records: z.array(jsonObjectSchema),
  total_count: z.int(),
  retrieved_at: legacyTimeSchema,
});
export type AuditResponseV1 = z.infer<typeof auditResponseV1Schema>;

/** Error body the ancestor declares. */
export const errorResponseV1Schema = z.strictObject({
  error: z.string(),
  message: z.string(),
  correlation_id: optionalTextSchema,
  timestamp: legacyTimeSchema,
});
export type ErrorResponseV1 = z.infer<typeof errorResponseV1Schema>;
