export { decodeBase64, decodeBase64Any, encodeBase64 } from './base64.ts';
export { concatBytes, decodeUtf8, encodeUtf8, equalBytes } from './bytes.ts';
export { canonicalize, canonicalizeToBytes } from './canonical-json.ts';
export {
  type Checkpoint,
  type CheckpointFailure,
  type CheckpointVerdict,
  formatCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
export { encodeCosignatureMessage, signCosignature, verifyCosignature } from './cosignature.ts';
export {
  commitPayload,
  commitPayloadBytes,
  type Digest,
  digestBytes,
  digestValue,
  formatDigest,
  isDigest,
  parseDigest,
  sha256,
} from './digest.ts';
export {
  DSSE_LIMITS,
  type DsseEnvelope,
  type DsseSignature,
  type EnvelopeFailure,
  type EnvelopeFailureReason,
  type EnvelopeVerdict,
  encodePae,
  signEnvelope,
  verifyEnvelope,
} from './dsse.ts';
export {
  createKeyPair,
  type Ed25519Backend,
  ed25519Backends,
  type KeyPair,
  signEd25519,
  verifyEd25519,
} from './ed25519.ts';
export { ED25519_PROFILE } from './ed25519-profile.ts';
export { CanonicalError, type CanonicalErrorCode, type CanonicalErrorDetail } from './errors.ts';
export { copyFixed, fixValue, hasPassed, notePassed } from './fixed-value.ts';
export { Frontier } from './frontier.ts';
export { decodeHex, encodeHex } from './hex.ts';
export { parseCanonicalJson, parseJson } from './json-reader.ts';
export {
  JSON_LIMITS,
  type JsonLimits,
  type JsonObject,
  type JsonPrimitive,
  type JsonValue,
  joinPointer,
} from './json-value.ts';
export { contentUlid } from './legacy-python/content-id.ts';
export { digestLeaf, emptyRoot, hashLeaf, hashNode, identifyLeaf } from './merkle-hash.ts';
export {
  type ConsistencyClaim,
  type InclusionClaim,
  type ProofFailureReason,
  type ProofVerdict,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
} from './merkle-proof.ts';
export { createTree, MerkleTree } from './merkle-tree.ts';
export {
  formatNote,
  formatSignatureLine,
  NOTE_LIMITS,
  type Note,
  type NoteFailure,
  type NoteSignature,
  type NoteVerdict,
  parseNote,
  signNote,
  type VerifiedSignature,
  verifyNote,
} from './signed-note.ts';
export { createSigner, isOwnSigner, type NamedSigner } from './signer.ts';
export { isSubtree, type Subtree, verifySubtreeConsistency, verifySubtreeInclusion } from './subtree-proof.ts';
export {
  decodeEntryBundle,
  decodeHashTile,
  encodeEntryBundle,
  encodeHashTile,
  entryBundlePath,
  TILE,
  type TileCoordinates,
  tilePath,
  tilesOfTree,
} from './tile.ts';
export { formatTime, parseTime } from './time.ts';
export { formatTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.ts';
export {
  isQuorumMet,
  type PolicyGroup,
  type PolicyLog,
  type PolicyWitness,
  parseTrustPolicy,
  TRUST_POLICY_LIMITS,
  type TrustPolicy,
} from './trust-policy.ts';
export { createUlid, encodeUlid, isUlid } from './ulid.ts';
export {
  computeKeyId,
  createVerifierKey,
  formatSigningKey,
  formatVerifierKey,
  parseSigningKey,
  parseVerifierKey,
  SIGNATURE_TYPES,
  type VerifierKey,
} from './verifier-key.ts';
