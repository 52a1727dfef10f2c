import { z } from 'zod';
import { digestSchema, identifierSchema } from './primitives.ts';

/** What somebody tried to hand in. */
export const attemptKindSchema = z.enum([
  'intent',
  'approval',
  'approval_revocation',
  'standing_grant',
  'resolution',
  'switch_command',
  'policy_bundle',
]);
export type AttemptKind = z.infer<typeof attemptKindSchema>;

/** Domain of the digest of what was handed in, over its canonical bytes. */
export const ATTEMPT_DIGEST_DOMAIN = 'exoarmur.attempt/1';

/** A refused attempt, as a fact of the cell: a stream that is closed, or another's, must not grow by it. */
export const attemptRefusedSchema = z.strictObject({
  schema: z.literal('exoarmur.attempt-refused/1'),
  attempt: attemptKindSchema,
  /** Stream it was for; null when it named none that can be named. */
  stream: identifierSchema.nullable(),
  /** Why, a stable code. */
  code: z.string().regex(/^[A-Z][A-Z0-9_]{2,63}$/),
  /** JSON pointer to the place that was wrong; empty when it is the whole. */
  pointer: z.string().max(1024),
  /** Digest of what was handed in; null when it has no canonical form. */
  attempt_digest: digestSchema.nullable(),
  /** Key ids on it, as stated. */
  key_ids: z.array(z.string().max(64)).max(8),
});
export type AttemptRefused = z.infer<typeof attemptRefusedSchema>;
