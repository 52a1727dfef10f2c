import { z } from 'zod';
import { dsseEnvelopeSchema } from './envelope.ts';
import { digestSchema, identifierSchema, lineSchema } from './primitives.ts';

/** DSSE payload type of the resolution of an ambiguous action. */
export const RESOLUTION_PAYLOAD_TYPE = 'application/vnd.exoarmur.resolution.v1+json';

/** Domain of the digest of a resolution, over the canonical bytes of the whole DSSE envelope. */
export const RESOLUTION_DIGEST_DOMAIN = 'exoarmur.resolution/1';

/** What a person found out about an effect that nobody saw. */
export const resolutionFindingSchema = z.enum(['happened', 'did_not_happen', 'cannot_be_known']);
export type ResolutionFinding = z.infer<typeof resolutionFindingSchema>;

/** What a person signs who looked after an ambiguous action. It changes no outcome and runs nothing. */
export const resolutionSchema = z.strictObject({
  schema: z.literal('exoarmur.resolution/1'),
  intent_digest: digestSchema,
  grant_digest: digestSchema,
  /** Digest of the ambiguous outcome under `exoarmur.outcome/1`. */
  outcome_digest: digestSchema,
  finding: resolutionFindingSchema,
  resolver_id: identifierSchema,
  /** How it was found out. */
  reason: lineSchema(1024).min(1),
  /** 16 random bytes in lower-case hexadecimal. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Resolution = z.infer<typeof resolutionSchema>;

/** A resolution as recorded, after the end of the stream it is about. */
export const ambiguityResolvedSchema = z.strictObject({
  schema: z.literal('exoarmur.ambiguity-resolved/1'),
  intent_digest: digestSchema,
  finding: resolutionFindingSchema,
  resolution_digest: digestSchema,
  envelope: dsseEnvelopeSchema,
});
export type AmbiguityResolved = z.infer<typeof ambiguityResolvedSchema>;
