import { z } from 'zod';
import { approvalRequirementSchema } from './decision.ts';
import { dsseEnvelopeSchema } from './envelope.ts';
import { digestSchema, identifierSchema, lineSchema, timeSchema } from './primitives.ts';

/** DSSE payload type of an approval. */
export const APPROVAL_PAYLOAD_TYPE = 'application/vnd.exoarmur.approval.v1+json';

/** Domain of the approval digest, over the canonical bytes of the whole DSSE envelope. */
export const APPROVAL_DIGEST_DOMAIN = 'exoarmur.approval/1';

/** What an approver signs: this intent under this decision and policy, and nothing else. */
export const approvalSchema = z.strictObject({
  schema: z.literal('exoarmur.approval/1'),
  intent_digest: digestSchema,
  decision_digest: digestSchema,
  policy_digest: digestSchema,
  verdict: z.enum(['approve', 'deny']),
  approver_id: identifierSchema,
  reason: lineSchema(1024),
  /** 16 random bytes in lower-case hexadecimal. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  expires_at: timeSchema,
});
export type Approval = z.infer<typeof approvalSchema>;

/** Largest body of a preview, in characters. */
export const MAX_PREVIEW_CHARACTERS = 65_536;

/** What an effect would be, as the executor says before anything happens. */
export const effectPreviewSchema = z.strictObject({
  media_type: z.enum(['text/plain', 'text/x-diff', 'application/json']),
  summary: lineSchema(1024),
  body: z.string().max(MAX_PREVIEW_CHARACTERS),
  /** Whether the body was cut to fit. */
  is_truncated: z.boolean(),
});

/** What is asked of the approvers, as recorded when an action starts to wait. */
export const approvalRequestSchema = z.strictObject({
  schema: z.literal('exoarmur.approval-request/1'),
  intent_digest: digestSchema,
  decision_digest: digestSchema,
  policy_digest: digestSchema,
  requirement: approvalRequirementSchema,
  expires_at: timeSchema,
});
export type ApprovalRequest = z.infer<typeof approvalRequestSchema>;

/** A signed answer as recorded: the envelope itself, so that a stranger can check the signature. */
export const approvalDecidedSchema = z.strictObject({
  schema: z.literal('exoarmur.approval-decided/1'),
  approval_digest: digestSchema,
  envelope: dsseEnvelopeSchema,
});
export type ApprovalDecided = z.infer<typeof approvalDecidedSchema>;
