import { z } from 'zod';
import { approvalRequirementSchema } from './decision.ts';
import { dsseEnvelopeSchema } from './envelope.ts';
import { executorIdentitySchema } from './grant.ts';
import { actionClassSchema, actionIntentSchema } from './intent.ts';
import {
  actionTypeSchema,
  digestSchema,
  identifierSchema,
  lineSchema,
  milliSchema,
  scopeNameSchema,
  timeSchema,
} from './primitives.ts';

/** DSSE payload type of an approval. */
export const APPROVAL_PAYLOAD_TYPE = 'application/vnd.exoarmur.approval.v1+json';

/** Domain of the approval digest, over the canonical bytes of the whole DSSE envelope. */
export const APPROVAL_DIGEST_DOMAIN = 'exoarmur.approval/1';

/** Domain of the digest of a request, over its canonical bytes: what an approver saw. */
export const APPROVAL_REQUEST_DIGEST_DOMAIN = 'exoarmur.approval-request/1';

/** The action in the approver's own words: what the digests stand for, readable without any record. */
export const approvedActionSchema = z.strictObject({
  tenant_id: scopeNameSchema,
  cell_id: scopeNameSchema,
  intent_id: identifierSchema,
  actor_id: identifierSchema,
  action_type: actionTypeSchema,
  target: lineSchema(4096).min(1),
  /** Digest of `parameters` under `exoarmur.parameters/1`. */
  parameters_digest: digestSchema,
});
export type ApprovedAction = z.infer<typeof approvedActionSchema>;

/** What an approver signs: this intent under this decision and policy, and nothing else. */
export const approvalSchema = z.strictObject({
  schema: z.literal('exoarmur.approval/1'),
  intent_digest: digestSchema,
  decision_digest: digestSchema,
  policy_digest: digestSchema,
  /** Digest of the request that was shown; absent in approvals of requests without a presentation. */
  request_digest: digestSchema.optional(),
  action: approvedActionSchema.optional(),
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

/** Everything a person must see before agreeing, fixed and digested with the request. */
export const approvalPresentationSchema = z.strictObject({
  /** The whole intent, as policies and executor see it. */
  intent: actionIntentSchema,
  executor: executorIdentitySchema,
  /** What the executor says it would do; null when it cannot say. */
  preview: effectPreviewSchema.nullable(),
  asked_by: z.strictObject({
    /** The policies that ask, sorted. */
    policies: z.array(z.string().max(128)).max(4096),
    /** The rules of the safety gate that applied. */
    safety_rules: z.array(z.string().max(64)).max(64),
    rationale: lineSchema(1024),
  }),
  risk: z.strictObject({
    action_class: actionClassSchema,
    /** Least class by the executor's manifest; null when it declares none. */
    action_class_floor: actionClassSchema.nullable(),
    /** Whether the executor declares that it can take the effect back; null when it does not say. */
    reversible: z.boolean().nullable(),
    trust_milli: milliSchema.nullable(),
  }),
});
export type ApprovalPresentation = z.infer<typeof approvalPresentationSchema>;

/** What is asked of the approvers, as recorded when an action starts to wait. */
export const approvalRequestSchema = z.strictObject({
  schema: z.literal('exoarmur.approval-request/1'),
  intent_digest: digestSchema,
  decision_digest: digestSchema,
  policy_digest: digestSchema,
  requirement: approvalRequirementSchema,
  expires_at: timeSchema,
  presentation: approvalPresentationSchema.optional(),
});
export type ApprovalRequest = z.infer<typeof approvalRequestSchema>;

/** A signed answer as recorded: the envelope itself, so that a stranger can check the signature. */
export const approvalDecidedSchema = z.strictObject({
  schema: z.literal('exoarmur.approval-decided/1'),
  approval_digest: digestSchema,
  envelope: dsseEnvelopeSchema,
});
export type ApprovalDecided = z.infer<typeof approvalDecidedSchema>;

/** DSSE payload type of the revocation of an approval. */
export const APPROVAL_REVOCATION_PAYLOAD_TYPE = 'application/vnd.exoarmur.approval-revocation.v1+json';

/** What an approver signs to take an approval back, as long as the action still waits. */
export const approvalRevocationSchema = z.strictObject({
  schema: z.literal('exoarmur.approval-revocation/1'),
  intent_digest: digestSchema,
  approval_digest: digestSchema,
  approver_id: identifierSchema,
  reason: lineSchema(1024),
});
export type ApprovalRevocation = z.infer<typeof approvalRevocationSchema>;

/** A revocation as recorded. */
export const approvalRevokedSchema = z.strictObject({
  schema: z.literal('exoarmur.approval-revoked/1'),
  approval_digest: digestSchema,
  envelope: dsseEnvelopeSchema,
});
export type ApprovalRevoked = z.infer<typeof approvalRevokedSchema>;
