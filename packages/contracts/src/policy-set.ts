import { z } from 'zod';
import { digestSchema, keyedSchema, lineSchema } from './primitives.ts';

/** Domain of the policy digest, over the canonical bytes of the whole policy set. */
export const POLICY_SET_DIGEST_DOMAIN = 'exoarmur.policy-set/1';

/** Policies in one language, by id, with the schema they are checked against: all that is needed to decide again. */
export const policySetSchema = z.strictObject({
  schema: z.literal('exoarmur.policy-set/1'),
  language: z.literal('cedar'),
  /** Policy id to policy text. An id is 1 to 128 of `A-Za-z0-9._-`. */
  policies: keyedSchema(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/), z.string().max(65_536)),
  /** Cedar schema text that every request is validated against. */
  cedar_schema: z.string().max(262_144),
});
export type PolicySet = z.infer<typeof policySetSchema>;

/** Which evaluator decided: its name, its version and the digest of its code. */
export const engineIdentitySchema = z.strictObject({
  name: lineSchema(64).min(1),
  version: lineSchema(64).min(1),
  digest: digestSchema,
});
export type EngineIdentity = z.infer<typeof engineIdentitySchema>;
