import { z } from 'zod';
import { dsseEnvelopeSchema } from './envelope.ts';
import { actionClassSchema } from './intent.ts';
import {
  actionTypeSchema,
  digestSchema,
  identifierSchema,
  lineSchema,
  scopeNameSchema,
  timeSchema,
} from './primitives.ts';

/** DSSE payload type of a standing grant. */
export const STANDING_GRANT_PAYLOAD_TYPE = 'application/vnd.exoarmur.standing-grant.v1+json';

/** Domain of the digest of a standing grant, over the canonical bytes of the whole DSSE envelope. */
export const STANDING_GRANT_DIGEST_DOMAIN = 'exoarmur.standing-grant/1';

/** A value a rule compares with: no object, no list. */
const scalarSchema = z.union([z.string().max(65_536), z.boolean(), z.int(), z.null()]);

/** What one parameter may be. */
export const parameterRuleSchema = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('equals'), name: lineSchema(128).min(1), value: scalarSchema }),
  z.strictObject({
    rule: z.literal('one_of'),
    name: lineSchema(128).min(1),
    values: z.array(scalarSchema).min(1).max(64),
  }),
  z.strictObject({ rule: z.literal('text'), name: lineSchema(128).min(1), max_length: z.int().min(0).max(65_536) }),
  z.strictObject({ rule: z.literal('integer'), name: lineSchema(128).min(1), min: z.int(), max: z.int() }),
  z.strictObject({ rule: z.literal('boolean'), name: lineSchema(128).min(1) }),
]);
export type ParameterRule = z.infer<typeof parameterRuleSchema>;

/**
 * One person's standing agreement to actions of one shape: this actor, this tool, these arguments, so many times, until then,
 * under this policy set. It stands for one approval where the policies ask one person, and for nothing else.
 */
export const standingGrantSchema = z.strictObject({
  schema: z.literal('exoarmur.standing-grant/1'),
  tenant_id: scopeNameSchema,
  cell_id: scopeNameSchema,
  actor_id: identifierSchema,
  action_type: actionTypeSchema,
  /** Greatest class it is for; never `A3_irreversible`. */
  action_class: actionClassSchema.exclude(['A3_irreversible']),
  /** `exact`: this target. `below`: any target that begins with this one and a slash, and has no empty or dot segment. */
  target: z.strictObject({ match: z.enum(['exact', 'below']), value: lineSchema(4096).min(1) }),
  /** A rule for every parameter, by name, sorted; a parameter without a rule, or missing, does not fit. */
  parameters: z.array(parameterRuleSchema).max(64),
  policy_digest: digestSchema,
  max_uses: z.int().min(1).max(10_000),
  granted_by: identifierSchema,
  reason: lineSchema(1024),
  /** 16 random bytes in lower-case hexadecimal. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  not_before: timeSchema,
  expires_at: timeSchema,
});
export type StandingGrant = z.infer<typeof standingGrantSchema>;

/** A use of a standing grant in the place of an approval, as recorded. */
export const standingGrantUsedSchema = z.strictObject({
  schema: z.literal('exoarmur.standing-grant-used/1'),
  intent_digest: digestSchema,
  standing_grant_digest: digestSchema,
  /** Which use this is, counted from 1. */
  use: z.int().min(1).max(10_000),
  envelope: dsseEnvelopeSchema,
});
export type StandingGrantUsed = z.infer<typeof standingGrantUsedSchema>;

/** A standing grant that was taken in or revoked, as a fact of the cell. */
export const standingGrantChangedSchema = z.strictObject({
  schema: z.literal('exoarmur.standing-grant-changed/1'),
  change: z.enum(['added', 'revoked']),
  standing_grant_digest: digestSchema,
  /** The grant itself when it was added, null when it was revoked. */
  envelope: dsseEnvelopeSchema.nullable(),
  /** Who had it revoked; null when it was added, because the envelope says it. */
  revoked_by: identifierSchema.nullable(),
});
export type StandingGrantChanged = z.infer<typeof standingGrantChangedSchema>;
