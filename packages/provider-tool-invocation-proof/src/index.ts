import type { Json, JsonMap, Provider } from '@exoarmur/governance-provider-kit';

/** DSSE payload type of a receipt. */
const RECEIPT_PAYLOAD_TYPE = 'application/vnd.exoarmur.tool-receipt.v1+json';

const ENVELOPE_MEMBERS = 'payload,payloadType,signatures';

function isObject(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readReceipt(text: string): JsonMap | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { schema, tool, intent_digest, outcome_digest, ...others } = value;
  const isShaped =
    Object.keys(others).length === 0 &&
    schema === 'exoarmur.tool-receipt/1' &&
    [tool, intent_digest, outcome_digest].every((member) => typeof member === 'string');
  return isShaped ? value : undefined;
}

/**
 * Verifies `tool_invocation_proof.v1`: the artifact is a DSSE envelope that the tool signed over the digests of the intent and of
 * the outcome of this very action. Which keys speak for the tool is the operator's word: `tool_keys` in the configuration, C2SP
 * verifier keys. Reasons: `shape_invalid`, `tool_keys_missing`, `signature_invalid`, `receipt_malformed`, `subject_missing`,
 * `intent_digest_differs`, `outcome_digest_differs`.
 */
const provider: Provider = {
  canonicalHash: (artifact, { schemaVersion, tools }) => tools.hashArtifact(schemaVersion, artifact),

  verifyArtifact(artifact, { configuration, subject, tools }) {
    const refuse = (reason: string) => ({ valid: false, reason }) as const;
    // What no signature covers has no place in a proof.
    if (Object.keys(artifact).sort().join() !== ENVELOPE_MEMBERS) return refuse('shape_invalid');
    const keys = configuration.tool_keys;
    if (!Array.isArray(keys) || keys.length === 0) return refuse('tool_keys_missing');
    const vkeys = keys.filter((key): key is string => typeof key === 'string');
    const text = tools.openEnvelope(artifact, RECEIPT_PAYLOAD_TYPE, vkeys);
    if (text === null) return refuse('signature_invalid');
    const receipt = readReceipt(text);
    if (receipt === undefined) return refuse('receipt_malformed');
    if (subject === null) return refuse('subject_missing');
    if (receipt.intent_digest !== subject.intent_digest) return refuse('intent_digest_differs');
    // A withheld outcome is null here, and no receipt names null.
    if (receipt.outcome_digest !== subject.outcome_digest) return refuse('outcome_digest_differs');
    return { valid: true };
  },
};

export default provider;
