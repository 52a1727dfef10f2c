import { advanceTrail, initialTrail, type TrailState } from '@exoarmur/audit/trail';
import {
  canonicalizeToBytes,
  commitPayload,
  computeKeyId,
  concatBytes,
  copyFixed,
  decodeBase64,
  digestBytes,
  digestValue,
  encodeBase64,
  encodeHex,
  encodePae,
  encodeUtf8,
  formatDigest,
  formatVerifierKey,
  hashLeaf,
  parseCheckpoint,
} from '@exoarmur/canonical';
import {
  ARTIFACTS_DIGEST_DOMAIN,
  BUNDLE_DIGEST_DOMAIN,
  BUNDLE_MEDIA_TYPE,
  type Digest,
  type DsseEnvelope,
  type EngineIdentity,
  GOVERNED_ACTION_PREDICATE_TYPE,
  type GovernedAction,
  type JsonObject,
  jsonObjectSchema,
  MAX_BUNDLE_BYTES,
  type PolicySet,
  type ProofBundle,
  type SealedRecord,
  type Signer,
  STATEMENT_PAYLOAD_TYPE,
  type Statement,
  type StreamEvidence,
} from '@exoarmur/contracts';
import { BoundaryError, codeOf, isCanonicalError } from './errors.ts';

/** What a proof bundle is made from. */
export interface BundleSources {
  /** One stream as the log collected it. */
  readonly evidence: StreamEvidence;
  /** Policy sets by digest; those that a disclosed decision of the stream names go into the bundle. */
  readonly policySets: ReadonlyMap<Digest, PolicySet>;
  /** What the statement names when the stream ended before any decision. */
  readonly inForce: { readonly policyDigest: Digest; readonly engine: EngineIdentity };
  /** The boundary's key, which signs the statement. */
  readonly signer: Signer;
  /** Which payloads to disclose; all of them unless told. A withheld one stays committed to. */
  readonly disclose?: (record: SealedRecord) => boolean;
  /** Governance manifest and embedded artifacts; the statement names their digest. */
  readonly artifacts?: JsonObject;
}

/**
 * Builds the proof bundle 3 of one stream (spec/bundle.md): canonical bytes and a final newline, the same bytes for the
 * same sources. What the statement says is read from the records, and records that contradict each other make no bundle.
 * @throws BoundaryError BOUNDARY_EVIDENCE_UNLAWFUL (also for parts without a canonical form inside of a bundle),
 * BOUNDARY_EVIDENCE_INCOMPLETE, BOUNDARY_BUNDLE_TOO_LARGE
 */
export async function buildBundle(sources: BundleSources): Promise<Uint8Array> {
  const { artifacts, ...others } = sources;
  const embedded = artifacts === undefined ? {} : { artifacts: readArtifacts(artifacts) };
  try {
    return await assembleBundle({ ...others, ...embedded });
  } catch (cause) {
    throw isCanonicalError(cause) ? unwritable(cause) : cause;
  }
}

async function assembleBundle(sources: BundleSources): Promise<Uint8Array> {
  const { evidence, policySets, signer, artifacts, disclose = () => true } = sources;
  const trail = foldEvidence(evidence);
  const statement = createStatement(sources, trail);
  const payloads: Record<Digest, { salt: string; value: JsonObject }> = {};
  const policies: Record<Digest, PolicySet> = {};
  for (const record of evidence.records) {
    const { digest } = record.payload;
    const payload = evidence.payloads.get(digest);
    // SECURITY: a promise is no `true`, so a function that decides later discloses nothing.
    if (payload === undefined || disclose(record) !== true) continue;
    payloads[digest] = { salt: payload.salt, value: payload.value };
    const policyDigest = record.kind === 'verdict_resolved' ? (payload.value.policy_digest as Digest) : undefined;
    const policySet = policyDigest === undefined ? undefined : policySets.get(policyDigest);
    if (policyDigest !== undefined && policySet !== undefined) policies[policyDigest] = policySet;
  }
  const boundaryKey = formatVerifierKey({ name: signer.name, publicKey: signer.publicKey });
  const bundle: ProofBundle = {
    media_type: BUNDLE_MEDIA_TYPE,
    statement: await signStatement(statement, signer),
    records: [...evidence.records],
    payloads,
    policies,
    log: {
      checkpoint: evidence.checkpoint,
      proofs: [...evidence.proofs],
      vkeys: [...new Set([boundaryKey, evidence.vkey])],
    },
    ...(artifacts === undefined ? {} : { artifacts }),
  };
  return concatBytes(canonicalizeToBytes(bundle, { maxBytes: MAX_BUNDLE_BYTES - 1 }), encodeUtf8('\n'));
}

/** A copy of artifacts, so that what is digested is what is embedded. @throws BoundaryError as {@link unwritable} */
export function readArtifacts(artifacts: JsonObject): JsonObject {
  try {
    const copy = copyFixed({ artifacts }, { maxBytes: MAX_BUNDLE_BYTES - 1 }) as { readonly artifacts: unknown };
    return jsonObjectSchema.parse(copy.artifacts);
  } catch (cause) {
    // SECURITY: the traps of a hostile proxy throw whatever they like, so here every error means: nothing that can be written.
    throw unwritable(cause);
  }
}

/** What keeps a bundle from being written: BOUNDARY_BUNDLE_TOO_LARGE, or BOUNDARY_EVIDENCE_UNLAWFUL for a part of another form. */
export function unwritable(cause: unknown): BoundaryError {
  if (codeOf(cause) === 'CANONICAL_JSON_TOO_LARGE') {
    return new BoundaryError('BOUNDARY_BUNDLE_TOO_LARGE', `bundle has more than ${MAX_BUNDLE_BYTES} bytes`);
  }
  const { message, pointer } = isCanonicalError(cause) ? cause : { message: 'a part cannot be read' };
  const details = pointer === undefined ? { cause } : { pointer, cause };
  return new BoundaryError('BOUNDARY_EVIDENCE_UNLAWFUL', `bundle cannot be written: ${message}`, details);
}

/** Digest of a bundle file: over all of its bytes, the final newline included. */
export function digestBundle(bytes: Uint8Array): Digest {
  return digestBytes(BUNDLE_DIGEST_DOMAIN, bytes);
}

/** The trail's rule book and the payload commitments over the whole stream, before anything is vouched for. */
function foldEvidence({ records, payloads }: StreamEvidence): TrailState {
  let state = initialTrail();
  for (const [index, record] of records.entries()) {
    const payload = payloads.get(record.payload.digest);
    if (payload !== undefined && commitPayload(decodeBase64(payload.salt), payload.value) !== record.payload.digest) {
      throw new BoundaryError('BOUNDARY_EVIDENCE_UNLAWFUL', 'payload is not the one the record commits to', {
        pointer: `/records/${index}/payload`,
      });
    }
    const verdict = advanceTrail(state, { record, payload: payload?.value });
    if (verdict.outcome === 'unlawful') {
      throw new BoundaryError('BOUNDARY_EVIDENCE_UNLAWFUL', `record breaks the trail: ${verdict.violation.code}`, {
        pointer: `/records/${index}`,
      });
    }
    state = verdict.state;
  }
  return state;
}

function createStatement({ evidence, inForce, artifacts }: BundleSources, trail: TrailState): Statement {
  const { records, checkpoint: note } = evidence;
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined || records.length < 2)
    throw incomplete('stream has fewer than 2 records');
  if (trail.intentDigest === null) throw incomplete('no readable record states the intent');
  const decision = latestPayload(evidence, 'verdict_resolved');
  const closed = latestPayload(evidence, 'stream_closed');
  if (trail.decision !== null && decision === undefined) throw incomplete('the decision was erased');
  if (trail.phase === 'closed' && closed === undefined) throw incomplete('the end of the stream was erased');
  const resolved = latestPayload(evidence, 'ambiguity_resolved');
  if (trail.resolution !== null && resolved === undefined) throw incomplete('the resolution was erased');
  const { origin, size, root } = parseCheckpoint(note);
  const engine = (decision?.engine ?? inForce.engine) as EngineIdentity;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: first.stream, digest: { sha256: trail.intentDigest.slice('sha256:'.length) } }],
    predicateType: GOVERNED_ACTION_PREDICATE_TYPE,
    predicate: {
      schema: 'exoarmur.governed-action/1',
      tenant: first.tenant,
      cell: first.cell,
      stream: first.stream,
      final_verdict: (closed?.final_verdict ?? decision?.verdict ?? 'deny') as GovernedAction['final_verdict'],
      outcome: (closed?.outcome ?? trail.outcome?.status ?? null) as GovernedAction['outcome'],
      ...(resolved === undefined ? {} : { resolution: resolved.finding as GovernedAction['resolution'] & string }),
      record_count: records.length,
      head: formatDigest(hashLeaf(canonicalizeToBytes(last))),
      policy_digest: (decision?.policy_digest ?? inForce.policyDigest) as Digest,
      engine_digest: engine.digest,
      checkpoint: { origin, size, root: formatDigest(root) },
      governance_evidence_digest: artifacts === undefined ? null : digestValue(ARTIFACTS_DIGEST_DOMAIN, artifacts),
    },
  };
}

function latestPayload({ records, payloads }: StreamEvidence, kind: SealedRecord['kind']): JsonObject | undefined {
  const record = records.findLast((candidate) => candidate.kind === kind);
  return record === undefined ? undefined : payloads.get(record.payload.digest)?.value;
}

/** Signs a statement with the key of the boundary. */
export async function signStatement(statement: Statement, signer: Signer): Promise<DsseEnvelope> {
  const payload = canonicalizeToBytes(statement);
  const signature = await signer.sign(encodePae(STATEMENT_PAYLOAD_TYPE, payload));
  return {
    payload: encodeBase64(payload),
    payloadType: STATEMENT_PAYLOAD_TYPE,
    signatures: [{ keyid: encodeHex(computeKeyId(signer.name, signer.publicKey)), sig: encodeBase64(signature) }],
  };
}

function incomplete(message: string): BoundaryError {
  return new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', message);
}
