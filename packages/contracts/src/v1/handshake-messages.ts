import { z } from 'zod';
import { legacyTimeSchema, openObjectSchema, openTextListSchema, unitIntervalSchema } from './scalars.ts';

/** Signature beside a federation message or an observation. All four members are present; one of the two key hints is not null. */
export const signatureInfoV1Schema = z
  .strictObject({
    alg: z.enum(['ed25519', 'rsa-pss-sha256']),
    key_id: z.string().nullable(),
    cert_fingerprint: z.string().nullable(),
    sig_b64: z.string(),
  })
  .refine((signature) => signature.key_id !== null || signature.cert_fingerprint !== null, {
    message: 'key_id or cert_fingerprint must not be null',
    path: ['key_id'],
  })
  .meta({ description: 'not expressed here: key_id and cert_fingerprint are not both null' });
export type SignatureInfoV1 = z.infer<typeof signatureInfoV1Schema>;

/** First step of the ancestor's handshake: who the sender says it is. */
export const identityExchangePayloadV1Schema = z.strictObject({
  cell_public_key: z.string(),
  certificate_chain: z.array(z.string()),
  /** Free text here, unlike in the identity record. */
  federation_role: z.string(),
  capabilities: z.array(z.string()),
  trust_score: unitIntervalSchema,
  cell_metadata: openObjectSchema,
});
export type IdentityExchangePayloadV1 = z.infer<typeof identityExchangePayloadV1Schema>;

/** Second step: what the sender can do and what it asks for. */
export const capabilityNegotiatePayloadV1Schema = z.strictObject({
  supported_capabilities: z.array(z.string()),
  required_capabilities: z.array(z.string()),
  priority: z.int().min(1).max(10),
  capability_constraints: openObjectSchema,
  negotiation_metadata: openObjectSchema,
});
export type CapabilityNegotiatePayloadV1 = z.infer<typeof capabilityNegotiatePayloadV1Schema>;

/** Third step: how far the sender says it trusts the receiver, and until when. */
export const trustEstablishPayloadV1Schema = z.strictObject({
  trust_score: unitIntervalSchema,
  trust_reasons: z.array(z.string()),
  expiration: legacyTimeSchema,
  trust_policies: openTextListSchema,
  trust_metadata: openObjectSchema,
});
export type TrustEstablishPayloadV1 = z.infer<typeof trustEstablishPayloadV1Schema>;

/**
 * Members before `payload`, in the order the ancestor writes them. `msg_type` is required although the ancestor fills it
 * in: it is signed, and a reader must not guess it. Any whole `msg_version` is accepted, as it was.
 */
const header = {
  msg_version: z.int().default(1),
  federate_id: z.string().min(1),
  nonce: z.string().min(1),
  timestamp_utc: legacyTimeSchema,
  correlation_id: z.string().min(1),
};

/** Signed message of the first step. The signature covers every member but itself, in the ancestor's canonical form. */
export const identityExchangeMessageSchema = z.strictObject({
  msg_type: z.literal('identity_exchange'),
  ...header,
  payload: identityExchangePayloadV1Schema,
  signature: signatureInfoV1Schema,
});
export type IdentityExchangeMessage = z.infer<typeof identityExchangeMessageSchema>;

/** Signed message of the second step. */
export const capabilityNegotiateMessageSchema = z.strictObject({
  msg_type: z.literal('capability_negotiate'),
  ...header,
  payload: capabilityNegotiatePayloadV1Schema,
  signature: signatureInfoV1Schema,
});
export type CapabilityNegotiateMessage = z.infer<typeof capabilityNegotiateMessageSchema>;

/** Signed message of the third step. */
export const trustEstablishMessageSchema = z.strictObject({
  msg_type: z.literal('trust_establish'),
  ...header,
  payload: trustEstablishPayloadV1Schema,
  signature: signatureInfoV1Schema,
});
export type TrustEstablishMessage = z.infer<typeof trustEstablishMessageSchema>;

/** Any message of the ancestor's handshake. */
export const handshakeMessageSchema = z.discriminatedUnion('msg_type', [
  identityExchangeMessageSchema,
  capabilityNegotiateMessageSchema,
  trustEstablishMessageSchema,
]);
export type HandshakeMessage = z.infer<typeof handshakeMessageSchema>;
