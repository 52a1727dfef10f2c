import { z } from 'zod';
import { digestSchema, identifierSchema } from './primitives.ts';

/** DSSE payload type of one verifier's signed answer. */
export const NODE_RESULT_PAYLOAD_TYPE = 'application/vnd.exoarmur.node-result.v1+json';

/** Most verifiers that may be asked in one run. */
export const MAX_NODES = 256;

/**
 * What one verifier found over its own copy. All members but `node` are what verifiers have to agree on, so a node that read
 * other bytes, was asked another question or ran another engine cannot agree by accident.
 */
export const nodeResultSchema = z.strictObject({
  schema: z.literal('exoarmur.node-result/1'),
  /** The run this answers, 16 random bytes as hex: an answer of another run does not count. */
  run: z.string().regex(/^[0-9a-f]{32}$/),
  node: identifierSchema,
  /** Digest of the bytes that the node read. */
  input_digest: digestSchema,
  /** Digest of what it was asked: trust, required checks, stores. */
  question_digest: digestSchema,
  /** Digest of the engine that re-took decisions; null when none did. */
  engine_digest: digestSchema.nullable(),
  verify_verdict: z.enum(['PASS', 'FAIL']),
  /** Digest of the whole report. */
  report_digest: digestSchema,
});
export type NodeResult = z.infer<typeof nodeResultSchema>;

/**
 * How a node stands to the others. `answered` is used without a quorum: then nobody is named right or wrong. `faulty` says that
 * its answer cannot be counted, `equivocating` that it signed two different ones, `silent` that it gave none in time.
 */
export const nodeStandingSchema = z.enum(['agrees', 'dissents', 'answered', 'equivocating', 'faulty', 'silent']);
export type NodeStanding = z.infer<typeof nodeStandingSchema>;

/** Whether n verifiers agree, and apart from it, on what. */
export const nodeAgreementSchema = z.strictObject({
  schema: z.literal('exoarmur.node-agreement/1'),
  run: z.string(),
  input_digest: digestSchema,
  question_digest: digestSchema,
  nodes: z.int().min(1).max(MAX_NODES),
  /** Number of arbitrarily faulty nodes that the answer stands; `nodes` is more than three times as many. */
  tolerated: z.int().min(0),
  /** Equal signed answers needed: at least twice `tolerated` and one, and more than half of the honest ones may differ from. */
  quorum: z.int().min(1),
  agreement: z.enum(['agreed', 'not_agreed']),
  reason: z.enum(['quorum_met', 'quorum_not_met', 'too_many_faults']),
  /** What was agreed on: the evidence is good, or it is not. `undetermined` without agreement. */
  validity: z.enum(['valid', 'invalid', 'undetermined']),
  agreed: z
    .strictObject({
      verify_verdict: z.enum(['PASS', 'FAIL']),
      report_digest: digestSchema,
      engine_digest: digestSchema.nullable(),
    })
    .nullable(),
  results: z
    .array(
      z.strictObject({
        node: identifierSchema,
        standing: nodeStandingSchema,
        /** Why it is faulty, equivocating or silent. */
        code: z
          .string()
          .regex(/^[a-z][a-z0-9_]{2,63}$/)
          .nullable(),
        verify_verdict: z.enum(['PASS', 'FAIL']).nullable(),
        report_digest: digestSchema.nullable(),
      }),
    )
    .max(MAX_NODES),
});
export type NodeAgreement = z.infer<typeof nodeAgreementSchema>;
