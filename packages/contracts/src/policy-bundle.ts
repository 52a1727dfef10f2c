import { z } from 'zod';
import { engineIdentitySchema, policySetSchema } from './policy-set.ts';
import {
  digestSchema,
  identifierSchema,
  keyedSchema,
  lineSchema,
  milliSchema,
  scopeNameSchema,
  timeSchema,
} from './primitives.ts';

/** DSSE payload type of a policy bundle. */
export const POLICY_BUNDLE_PAYLOAD_TYPE = 'application/vnd.exoarmur.policy-bundle.v1+json';

/** Domain of the digest of a policy bundle, over its canonical bytes without any signature. */
export const POLICY_BUNDLE_DIGEST_DOMAIN = 'exoarmur.policy-bundle/1';

/** How far a class of action may go without people: by the cell alone, with a quorum, with a person, or not at all. */
export const autonomySchema = z.enum(['local', 'quorum', 'human', 'forbidden']);
export type Autonomy = z.infer<typeof autonomySchema>;

/**
 * What a bundle adds to the policies. It can only narrow: it is added as policies that forbid, as switches that are engaged,
 * and as floors above those of the safety gate.
 */
export const policyBoundsSchema = z.strictObject({
  /** True stops everything that is more than observation for as long as the bundle governs. */
  kill_switches: z.strictObject({ global: z.boolean(), tenant: z.boolean() }).optional(),
  autonomy_envelope: z
    .strictObject({
      A0_observe: autonomySchema.optional(),
      A1_soft_containment: autonomySchema.optional(),
      A2_hard_containment: autonomySchema.optional(),
      A3_irreversible: autonomySchema.optional(),
    })
    .optional(),
  /** Least trust, in thousandths, for an action of the class without a person. */
  trust_floors: z
    .strictObject({
      A1_soft_containment: milliSchema.optional(),
      A2_hard_containment: milliSchema.optional(),
      A3_irreversible: milliSchema.optional(),
    })
    .optional(),
  /** Trust of an actor as the tenant pins it, whatever the actor's reputation. */
  trust_pins: keyedSchema(identifierSchema, milliSchema)
    .refine((pins) => Object.keys(pins).length <= 1024, 'at most 1,024 pins')
    .describe('not expressed here: at most 1,024 members')
    .optional(),
});
export type PolicyBounds = z.infer<typeof policyBoundsSchema>;

/** A policy set as one tenant may be governed by it: which version, from when until when, under which engine. */
export const policyBundleSchema = z.strictObject({
  schema: z.literal('exoarmur.policy-bundle/1'),
  bundle_id: identifierSchema,
  tenant_id: scopeNameSchema,
  /** Larger than that of the bundle it replaces. */
  version: z.int().min(1),
  /** It is not valid before. */
  issued_at: timeSchema,
  /** It is no longer valid from here on. */
  expires_at: timeSchema,
  engine: engineIdentitySchema,
  /** Digest of `policy_set`, as decisions name it. */
  policy_digest: digestSchema,
  policy_set: policySetSchema,
  bounds: policyBoundsSchema.optional(),
});
export type PolicyBundle = z.infer<typeof policyBundleSchema>;

/** Somebody's stated consent to go back to one bundle. It is good for this bundle and for no other. */
export const downgradeOverrideSchema = z.strictObject({
  bundle_digest: digestSchema,
  stated_by: identifierSchema,
  reason: lineSchema(1024).min(1),
});
export type DowngradeOverride = z.infer<typeof downgradeOverrideSchema>;

/** Payload of a `policy_activated` record: which bundle governs from here on, and what it replaced. */
export const policyActivatedSchema = z.strictObject({
  schema: z.literal('exoarmur.policy-activated/1'),
  tenant_id: scopeNameSchema,
  bundle_id: identifierSchema,
  version: z.int().min(1),
  bundle_digest: digestSchema,
  policy_digest: digestSchema,
  engine: engineIdentitySchema,
  /** Key ids of the distinct keys whose signatures hold, sorted. */
  key_ids: z
    .array(z.string().regex(/^[0-9a-f]{8}$/))
    .min(1)
    .max(64),
  activated_at: timeSchema,
  expires_at: timeSchema,
  previous: z.strictObject({ version: z.int().min(1), bundle_digest: digestSchema }).nullable(),
  /** Null unless it took one. */
  override: downgradeOverrideSchema.nullable(),
});
export type PolicyActivated = z.infer<typeof policyActivatedSchema>;
