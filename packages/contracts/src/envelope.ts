import { z } from 'zod';
import { base64Schema } from './primitives.ts';

/** A DSSE v1 envelope as it stands in JSON. The `keyid` is a hint; what counts is which key verifies. */
export const dsseEnvelopeSchema = z.strictObject({
  payload: base64Schema,
  payloadType: z.string().regex(/^[\x21-\x7e]{1,255}$/),
  signatures: z
    .array(z.strictObject({ keyid: z.string().regex(/^[0-9a-f]{8}$/), sig: base64Schema }))
    .min(1)
    .max(64),
});
export type DsseEnvelope = z.infer<typeof dsseEnvelopeSchema>;
