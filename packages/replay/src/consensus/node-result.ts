import {
  canonicalizeToBytes,
  type DsseEnvelope,
  type NamedSigner,
  parseCanonicalJson,
  signEnvelope,
  type VerifierKey,
  verifyEnvelope,
} from '@exoarmur/canonical';
import {
  isExoArmurError,
  NODE_RESULT_PAYLOAD_TYPE,
  type NodeResult,
  nodeResultSchema,
  pointToProblem,
} from '@exoarmur/contracts';
import { ReplayError } from '../errors.ts';

/** Largest signed answer of one node, in bytes; a well-formed one has less than a kilobyte. */
const MAX_NODE_RESULT_BYTES = 4096;

/** Why an answer of a node does not count. */
export type NodeFaultCode =
  | 'answer_malformed'
  | 'input_mismatch'
  | 'node_mismatch'
  | 'question_mismatch'
  | 'run_mismatch'
  | 'signature_invalid';

/** The answer to {@link openNodeResult}. */
export type OpenedNodeResult =
  | { readonly outcome: 'valid'; readonly result: NodeResult }
  | { readonly outcome: 'invalid'; readonly code: NodeFaultCode };

/** The bytes that a node signs. @throws ReplayError REPLAY_NODE_RESULT_MALFORMED */
export function encodeNodeResult(result: NodeResult): Uint8Array {
  const parsed = nodeResultSchema.safeParse(result);
  if (!parsed.success) {
    const pointer = pointToProblem(parsed.error);
    throw new ReplayError('REPLAY_NODE_RESULT_MALFORMED', 'the result of a node is not well formed', { pointer });
  }
  return canonicalizeToBytes(result);
}

/** A node's answer under its own key. @throws ReplayError REPLAY_NODE_RESULT_MALFORMED */
export function signNodeResult(result: NodeResult, signer: NamedSigner): DsseEnvelope {
  const payload = encodeNodeResult(result);
  return signEnvelope({ payloadType: NODE_RESULT_PAYLOAD_TYPE, payload, signers: [signer] });
}

/** Reads an answer under the one key of the node that it should come from. Any value gives a verdict. */
export function openNodeResult(envelope: unknown, key: VerifierKey): OpenedNodeResult {
  const verdict = verifyEnvelope(envelope, { keys: [key], threshold: 1 });
  if (verdict.outcome === 'invalid') return { outcome: 'invalid', code: 'signature_invalid' };
  if (verdict.payloadType !== NODE_RESULT_PAYLOAD_TYPE) return { outcome: 'invalid', code: 'answer_malformed' };
  const value = readPayload(verdict.payload);
  const parsed = nodeResultSchema.safeParse(value);
  return parsed.success ? { outcome: 'valid', result: parsed.data } : { outcome: 'invalid', code: 'answer_malformed' };
}

function readPayload(payload: Uint8Array): unknown {
  try {
    return parseCanonicalJson(payload, { maxBytes: MAX_NODE_RESULT_BYTES, maxDepth: 4 });
  } catch (error) {
    if (isExoArmurError(error)) return undefined;
    throw error;
  }
}
