import { decodeBase64Any, encodeBase64 } from './base64.ts';
import { concatBytes, encodeUtf8 } from './bytes.ts';
import { verifyEd25519 } from './ed25519.ts';
import { CanonicalError } from './errors.ts';
import { encodeHex } from './hex.ts';
import type { NamedSigner } from './signer.ts';
import { computeKeyId, SIGNATURE_TYPES, type VerifierKey } from './verifier-key.ts';

/** One signature of an envelope. `keyid` is a hint and not authenticated. */
export interface DsseSignature {
  readonly keyid: string;
  readonly sig: string;
}

/** A DSSE v1 envelope as it travels in JSON. */
export interface DsseEnvelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly DsseSignature[];
}

/** Why an envelope was refused. */
export type EnvelopeFailureReason =
  | 'malformed_envelope'
  | 'malformed_payload'
  | 'malformed_signature'
  | 'signature_mismatch'
  | 'threshold_not_met'
  | 'unknown_key';

/** One reason; `signature` is the index of the signature it is about. */
export interface EnvelopeFailure {
  readonly reason: EnvelopeFailureReason;
  readonly signature?: number;
}

/** The answer to {@link verifyEnvelope}. `payload` is what was signed, and the only thing to go on with. */
export type EnvelopeVerdict =
  | {
      readonly outcome: 'valid';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      readonly keys: readonly VerifierKey[];
    }
  | { readonly outcome: 'invalid'; readonly failures: readonly [EnvelopeFailure, ...EnvelopeFailure[]] };

/** Limits of an envelope that is read. */
export const DSSE_LIMITS = Object.freeze({ maxSignatures: 64, maxPayloadTypeBytes: 256 } as const);

const PAYLOAD_TYPE = /^[!-~]{1,256}$/;

/**
 * The bytes a DSSE signature covers: `DSSEv1 SP len(type) SP type SP len(payload) SP payload`, lengths in bytes, decimal.
 * @throws TypeError for a payload type that is not 1 to 256 printable ASCII characters without blanks.
 */
export function encodePae(payloadType: string, payload: Uint8Array): Uint8Array {
  if (!PAYLOAD_TYPE.test(payloadType)) throw new TypeError('payload type must be printable ASCII without blanks');
  return concatBytes(encodeUtf8(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload);
}

/** Wraps a payload and signs it with each signer, in the order given. @throws TypeError without a signer. */
export function signEnvelope(options: {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signers: readonly NamedSigner[];
}): DsseEnvelope {
  const { payloadType, payload, signers } = options;
  if (signers.length === 0) throw new TypeError('an envelope needs a signer');
  const message = encodePae(payloadType, payload);
  return {
    payload: encodeBase64(payload),
    payloadType,
    signatures: signers.map((signer) => ({
      keyid: encodeHex(computeKeyId(signer.name, signer.publicKey)),
      sig: encodeBase64(signer.sign(message)),
    })),
  };
}

/**
 * Verifies an envelope against the verifier's own keys: valid when signatures by at least `threshold` distinct public keys
 * verify. A signature that names none of the keys, or verifies under none, does not count and is listed when the
 * threshold is missed, as it always is without keys. Never throws on a bad envelope.
 * @throws RangeError for a threshold that is no positive integer.
 */
export function verifyEnvelope(
  envelope: unknown,
  options: { readonly keys: readonly VerifierKey[]; readonly threshold: number },
): EnvelopeVerdict {
  const { keys, threshold } = options;
  if (!Number.isSafeInteger(threshold) || threshold < 1) throw new RangeError('threshold must be a positive integer');
  const read = readEnvelope(envelope);
  if (typeof read === 'string') return { outcome: 'invalid', failures: [{ reason: read }] };
  const { payloadType, payload, signatures } = read;
  const message = encodePae(payloadType, payload);
  const verified = new Map<string, VerifierKey>();
  const failures: EnvelopeFailure[] = [];
  signatures.forEach((signature, index) => {
    const found = findSigner(signature, message, keys);
    if (typeof found === 'string') failures.push({ reason: found, signature: index });
    else if (!verified.has(encodeHex(found.publicKey))) verified.set(encodeHex(found.publicKey), found);
  });
  if (verified.size < threshold)
    return { outcome: 'invalid', failures: [{ reason: 'threshold_not_met' }, ...failures] };
  return { outcome: 'valid', payloadType, payload, keys: [...verified.values()] };
}

interface ReadEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly DsseSignature[];
}

function readEnvelope(envelope: unknown): ReadEnvelope | EnvelopeFailureReason {
  if (!isRecord(envelope)) return 'malformed_envelope';
  const { payload, payloadType, signatures } = envelope;
  if (typeof payload !== 'string' || typeof payloadType !== 'string' || !PAYLOAD_TYPE.test(payloadType)) {
    return 'malformed_envelope';
  }
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > DSSE_LIMITS.maxSignatures) {
    return 'malformed_envelope';
  }
  const read: DsseSignature[] = [];
  for (const entry of signatures) {
    if (!isRecord(entry)) return 'malformed_envelope';
    const { keyid = '', sig } = entry;
    if (typeof keyid !== 'string' || typeof sig !== 'string') return 'malformed_envelope';
    read.push({ keyid, sig });
  }
  const bytes = decodeOrUndefined(payload);
  return bytes === undefined ? 'malformed_payload' : { payloadType, payload: bytes, signatures: read };
}

function findSigner(
  signature: DsseSignature,
  message: Uint8Array,
  keys: readonly VerifierKey[],
): VerifierKey | EnvelopeFailureReason {
  const bytes = decodeOrUndefined(signature.sig);
  if (bytes === undefined) return 'malformed_signature';
  const usable = keys.filter((key) => key.type === SIGNATURE_TYPES.ed25519);
  // The hint only narrows the search. Without one every key is tried, as the protocol asks.
  const candidates = signature.keyid === '' ? usable : usable.filter((key) => encodeHex(key.keyId) === signature.keyid);
  if (candidates.length === 0) return 'unknown_key';
  return candidates.find((key) => verifyEd25519(key.publicKey, message, bytes)) ?? 'signature_mismatch';
}

function decodeOrUndefined(text: string): Uint8Array | undefined {
  try {
    return decodeBase64Any(text);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
