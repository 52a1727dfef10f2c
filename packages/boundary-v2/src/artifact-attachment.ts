import {
  CanonicalError,
  canonicalizeToBytes,
  concatBytes,
  decodeBase64,
  digestValue,
  encodeUtf8,
  equalBytes,
  formatVerifierKey,
  parseCanonicalJson,
  parseVerifierKey,
  verifyEnvelope,
} from '@exoarmur/canonical';
import {
  ARTIFACTS_DIGEST_DOMAIN,
  type JsonObject,
  MAX_BUNDLE_BYTES,
  type ProofBundle,
  proofBundleSchema,
  type Signer,
  type Statement,
  statementSchema,
} from '@exoarmur/contracts';
import { readArtifacts, signStatement, unwritable } from './bundle-builder.ts';
import { BoundaryError, isCanonicalError } from './errors.ts';

/** What a bundle with artifacts is made from. */
export interface AttachmentSources {
  /** A proof bundle 3 without artifacts. */
  readonly bundle: Uint8Array;
  /** Governance manifest and embedded artifacts. */
  readonly artifacts: JsonObject;
  /** The key that signed the bundle's statement, and signs it again. */
  readonly signer: Signer;
}

/**
 * Attaches artifacts to a finished bundle: the statement is the same but for the digest of the artifacts, and is signed again.
 * Records, payloads and proofs stay as they are. Whether the bundle is sound is the verifier's word, not asked here.
 * @throws BoundaryError BOUNDARY_BUNDLE_MALFORMED, BOUNDARY_ARTIFACTS_PRESENT, BOUNDARY_SIGNER_FOREIGN,
 * BOUNDARY_BUNDLE_TOO_LARGE, BOUNDARY_EVIDENCE_UNLAWFUL
 */
export async function attachArtifacts({ bundle: file, signer, ...given }: AttachmentSources): Promise<Uint8Array> {
  const { bundle, statement } = readBundle(file);
  const artifacts = readArtifacts(given.artifacts);
  if (bundle.artifacts !== undefined || statement.predicate.governance_evidence_digest !== null) {
    throw new BoundaryError('BOUNDARY_ARTIFACTS_PRESENT', 'the bundle has artifacts already');
  }
  const vkey = formatVerifierKey({ name: signer.name, publicKey: signer.publicKey });
  const keys = [parseVerifierKey(vkey)];
  if (
    !bundle.log.vkeys.includes(vkey) ||
    verifyEnvelope(bundle.statement, { keys, threshold: 1 }).outcome !== 'valid'
  ) {
    throw new BoundaryError('BOUNDARY_SIGNER_FOREIGN', 'another key signed the bundle');
  }
  try {
    const governance_evidence_digest = digestValue(ARTIFACTS_DIGEST_DOMAIN, artifacts);
    const predicate = { ...statement.predicate, governance_evidence_digest };
    const attached: ProofBundle = {
      ...bundle,
      statement: await signStatement({ ...statement, predicate }, signer),
      artifacts,
    };
    return concatBytes(canonicalizeToBytes(attached, { maxBytes: MAX_BUNDLE_BYTES - 1 }), encodeUtf8('\n'));
  } catch (cause) {
    throw isCanonicalError(cause) ? unwritable(cause) : cause;
  }
}

function readBundle(file: Uint8Array): { readonly bundle: ProofBundle; readonly statement: Statement } {
  try {
    const isEnded = equalBytes(file.subarray(-1), encodeUtf8('\n'));
    const value = parseCanonicalJson(file.subarray(0, isEnded ? -1 : undefined), { maxBytes: MAX_BUNDLE_BYTES });
    if (proofBundleSchema.safeParse(value).success) {
      const bundle = value as unknown as ProofBundle;
      const payload = parseCanonicalJson(decodeBase64(bundle.statement.payload));
      if (statementSchema.safeParse(payload).success) return { bundle, statement: payload as unknown as Statement };
    }
  } catch (cause) {
    if (!(cause instanceof CanonicalError)) throw cause;
    throw new BoundaryError('BOUNDARY_BUNDLE_MALFORMED', `no proof bundle 3: ${cause.message}`, { cause });
  }
  throw new BoundaryError('BOUNDARY_BUNDLE_MALFORMED', 'the file is no proof bundle 3');
}
