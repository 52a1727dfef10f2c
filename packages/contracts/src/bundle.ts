import { z } from 'zod';
import { verdictSchema } from './decision.ts';
import { dsseEnvelopeSchema } from './envelope.ts';
import { outcomeStatusSchema } from './outcome.ts';
import { policySetSchema } from './policy-set.ts';
import { base64Schema, digestSchema, identifierSchema, jsonObjectSchema, keyedSchema } from './primitives.ts';
import { sealedRecordSchema } from './record.ts';
import { resolutionFindingSchema } from './resolution.ts';

/** Media type of a proof bundle 3. */
export const BUNDLE_MEDIA_TYPE = 'application/vnd.exoarmur.proof-bundle.v3+json';

/** DSSE payload type of the statement (in-toto attestation specification). */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Predicate type of the statement. */
export const GOVERNED_ACTION_PREDICATE_TYPE = 'urn:exoarmur:predicate:governed-action:1';

/** Domain of the digest of the governance artifacts, over the canonical bytes of the bundle's `artifacts`. */
export const ARTIFACTS_DIGEST_DOMAIN = 'exoarmur.artifacts/1';

/** Domain of the bundle digest, over the bytes of the file. */
export const BUNDLE_DIGEST_DOMAIN = 'exoarmur.bundle/3';

/** Largest bundle file, in bytes. */
export const MAX_BUNDLE_BYTES = 16_777_216;

/** What the boundary states about one governed action. */
export const governedActionSchema = z.strictObject({
  schema: z.literal('exoarmur.governed-action/1'),
  tenant: identifierSchema,
  cell: identifierSchema,
  stream: identifierSchema,
  final_verdict: verdictSchema,
  outcome: outcomeStatusSchema.nullable(),
  /** What a person found out about an ambiguous outcome; absent until somebody did. */
  resolution: resolutionFindingSchema.optional(),
  record_count: z.int().min(2),
  /** Leaf hash of the last record. */
  head: digestSchema,
  policy_digest: digestSchema,
  engine_digest: digestSchema,
  checkpoint: z.strictObject({ origin: z.string().min(1).max(255), size: z.int().min(1), root: digestSchema }),
  /** Digest of `artifacts`, null when there are none. */
  governance_evidence_digest: digestSchema.nullable(),
});
export type GovernedAction = z.infer<typeof governedActionSchema>;

/** An in-toto Statement v1 whose one subject is the intent digest. */
export const statementSchema = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(
      z.strictObject({
        name: identifierSchema,
        digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      }),
    )
    .length(1),
  predicateType: z.literal(GOVERNED_ACTION_PREDICATE_TYPE),
  predicate: governedActionSchema,
});
export type Statement = z.infer<typeof statementSchema>;

/** Inclusion proof of one record: its index in the log and the path from leaf to root (RFC 6962 section 2.1.1). */
export const recordProofSchema = z.strictObject({
  index: z.int().min(0),
  path: z.array(base64Schema.length(44)).max(63),
});
export type RecordProof = z.infer<typeof recordProofSchema>;

/** A payload disclosed with its salt, so that its commitment can be checked. */
export const disclosedPayloadSchema = z.strictObject({ salt: base64Schema.length(24), value: jsonObjectSchema });
export type DisclosedPayload = z.infer<typeof disclosedPayloadSchema>;

/** Proof bundle 3: one file that a stranger can check and decide again. Keys inside are hints. */
export const proofBundleSchema = z.strictObject({
  media_type: z.literal(BUNDLE_MEDIA_TYPE),
  statement: dsseEnvelopeSchema,
  /** The sealed records of the whole stream, in order; their canonical form inside the file is their sealed bytes. */
  records: z.array(sealedRecordSchema).min(2).max(10_000),
  /** Disclosed payloads by payload digest; a missing one is withheld. */
  payloads: keyedSchema(digestSchema, disclosedPayloadSchema),
  /** Policy sets by policy digest. */
  policies: keyedSchema(digestSchema, policySetSchema),
  log: z.strictObject({
    /** One signed checkpoint note, verbatim. */
    checkpoint: z.string().max(65_536),
    /** One proof per record, in the order of `records`. */
    proofs: z.array(recordProofSchema).min(2).max(10_000),
    /** C2SP verifier keys of the boundary and the log, as hints for a verifier that brings none. */
    vkeys: z.array(z.string().max(512)).min(1).max(8),
  }),
  artifacts: jsonObjectSchema.optional(),
});
export type ProofBundle = z.infer<typeof proofBundleSchema>;
