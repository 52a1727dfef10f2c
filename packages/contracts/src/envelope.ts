import { z } from 'zod';
import { base64Schema } from './primitives.ts';

/** Longest payload of an envelope, in base64 characters. */
const MAX_PAYLOAD_LENGTH = 1_048_576;

/** An Ed25519 signature in base64. */
const MAX_SIGNATURE_LENGTH = 88;

/** A DSSE v1 envelope as it stands in JSON. The `keyid` is a hint; what counts is which key verifies. */
export const dsseEnvelopeSchema = z.strictObject({
  payload: base64Schema.max(MAX_PAYLOAD_LENGTH),
  payloadType: z.string().regex(/^[\x21-\x7e]{1,255}$/),
  signatures: z
    .array(z.strictObject({ keyid: z.string().regex(/^[0-9a-f]{8}$/), sig: base64Schema.max(MAX_SIGNATURE_LENGTH) }))
    .min(1)
    .max(64),
});
export type DsseEnvelope = z.infer<typeof dsseEnvelopeSchema>;
