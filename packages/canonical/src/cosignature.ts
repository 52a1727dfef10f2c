import { concatBytes, encodeUtf8 } from './bytes.ts';
import { verifyEd25519 } from './ed25519.ts';
import type { NoteSignature } from './signed-note.ts';
import type { NamedSigner } from './signer.ts';
import { computeKeyId, SIGNATURE_TYPES, type VerifierKey } from './verifier-key.ts';

/** Bytes of a timestamped Ed25519 signature: a big-endian u64 time and the signature. */
const COSIGNATURE_BYTES = 8 + 64;

/**
 * The message an Ed25519 cosignature covers (C2SP tlog-cosignature, "Ed25519 signed message"): header line, time line and
 * the whole checkpoint body. `timestamp` is in seconds since 1970. @throws RangeError for a time that is no safe integer.
 */
export function encodeCosignatureMessage(noteText: string, timestamp: number): Uint8Array {
  return encodeUtf8(`cosignature/v1\ntime ${checkTimestamp(timestamp)}\n${noteText}`);
}

/** Cosigns a checkpoint body at a time in seconds since 1970. The result goes on the note as one more signature. */
export function signCosignature(noteText: string, signer: NamedSigner, timestamp: number): NoteSignature {
  const signature = signer.sign(encodeCosignatureMessage(noteText, timestamp));
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(timestamp));
  return {
    name: signer.name,
    keyId: computeKeyId(signer.name, signer.publicKey, SIGNATURE_TYPES.cosignature),
    signature: concatBytes(time, signature),
  };
}

/**
 * The time in seconds that a cosignature proves, or undefined when it is not this key's over this text. Never throws on
 * bad evidence.
 */
export function verifyCosignature(noteText: string, key: VerifierKey, signature: Uint8Array): number | undefined {
  if (key.type !== SIGNATURE_TYPES.cosignature || signature.length !== COSIGNATURE_BYTES) return undefined;
  const timestamp = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
  if (timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = encodeCosignatureMessage(noteText, Number(timestamp));
  return verifyEd25519(key.publicKey, message, signature.subarray(8)) ? Number(timestamp) : undefined;
}

function checkTimestamp(timestamp: number): number {
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw new RangeError('timestamp must be whole seconds since 1970');
  return timestamp;
}
