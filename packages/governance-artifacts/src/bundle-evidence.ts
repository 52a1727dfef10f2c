import { CanonicalError, decodeBase64, digestValue, parseJson } from '@exoarmur/canonical';
import {
  type Digest,
  type GovernanceSubject,
  type JsonObject,
  jsonObjectSchema,
  MAX_BUNDLE_BYTES,
  OUTCOME_DIGEST_DOMAIN,
  type ProofBundle,
  statementSchema,
  type VerificationReport,
} from '@exoarmur/contracts';

/** The governance evidence of a bundle file and where it stands. */
export interface BundleEvidence {
  readonly evidence: JsonObject | undefined;
  /** JSON pointer to the evidence. */
  readonly pointer: string;
  readonly subject: GovernanceSubject | null;
}

/** Reads the evidence out of a bundle file whose shape the core verifier has named. Never throws on evidence. */
export function readBundleEvidence(bytes: Uint8Array, core: VerificationReport): BundleEvidence {
  const nothing = { evidence: undefined, pointer: '/artifacts', subject: null };
  const isReadable = core.checks.some((check) => check.name === 'structure' && check.status === 'passed');
  const file = isReadable ? attempt(() => parseJson(bytes, { maxBytes: MAX_BUNDLE_BYTES })) : undefined;
  if (!isObject(file)) return nothing;
  switch (core.bundle.shape) {
    case 'bundle_3':
      return { evidence: objectMember(file, 'artifacts'), pointer: '/artifacts', subject: readSubject(file) };
    case 'legacy_2_0':
    case 'legacy_1_0':
      return { evidence: objectMember(file, 'governance_evidence'), pointer: '/governance_evidence', subject: null };
    case 'legacy_wrapped_demo': {
      const bundle = objectMember(file, 'bundle');
      const evidence = bundle && objectMember(bundle, 'governance_evidence');
      return { evidence, pointer: '/bundle/governance_evidence', subject: null };
    }
    default:
      return nothing;
  }
}

function readSubject(file: JsonObject): GovernanceSubject | null {
  const bundle = file as unknown as ProofBundle;
  const statement = statementSchema.safeParse(attempt(() => parseJson(decodeBase64(bundle.statement.payload))));
  if (!statement.success) return null;
  const { subject, predicate } = statement.data;
  const completed = bundle.records.findLast((record) => record.kind === 'execution_completed');
  const disclosed = completed && Object.hasOwn(bundle.payloads, completed.payload.digest);
  const outcome = disclosed ? bundle.payloads[completed.payload.digest]?.value : undefined;
  return {
    stream: predicate.stream,
    intent_digest: `sha256:${subject[0]?.digest.sha256 ?? ''}` as Digest,
    policy_digest: predicate.policy_digest,
    engine_digest: predicate.engine_digest,
    final_verdict: predicate.final_verdict,
    outcome: predicate.outcome,
    outcome_digest: outcome === undefined ? null : digestValue(OUTCOME_DIGEST_DOMAIN, outcome),
  };
}

function isObject(value: unknown): value is JsonObject {
  return jsonObjectSchema.safeParse(value).success;
}

function objectMember(file: JsonObject, name: string): JsonObject | undefined {
  const value: unknown = Object.hasOwn(file, name) ? file[name] : undefined;
  return isObject(value) ? value : undefined;
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}
