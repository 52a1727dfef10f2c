import { z } from 'zod';
import { digestSchema, identifierSchema, lineSchema, timeSchema } from './primitives.ts';

/** Domain of the grant digest, over the canonical bytes of the whole grant. */
export const GRANT_DIGEST_DOMAIN = 'exoarmur.grant/1';

/** Which executor may act: its declared name and version and the digest of its manifest. */
export const executorIdentitySchema = z.strictObject({
  name: identifierSchema,
  version: lineSchema(64).min(1),
  digest: digestSchema,
});
export type ExecutorIdentity = z.infer<typeof executorIdentitySchema>;

/** The single-use authority for one effect. Durable before use, redeemed once, refused for any other digest. */
export const grantSchema = z.strictObject({
  schema: z.literal('exoarmur.grant/1'),
  intent_digest: digestSchema,
  decision_digest: digestSchema,
  /** Sorted, free of duplicates. */
  approval_digests: z.array(digestSchema).max(64),
  executor: executorIdentitySchema,
  /** 16 random bytes in lower-case hexadecimal. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  expires_at: timeSchema,
});
export type Grant = z.infer<typeof grantSchema>;
