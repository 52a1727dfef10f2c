import { CanonicalError, canonicalizeToBytes } from '@exoarmur/canonical';
import {
  type Digest,
  type GovernanceArtifactsReport,
  type GovernanceCode,
  type GovernanceManifestEntry,
  type GovernanceSubject,
  type JsonObject,
  jsonObjectSchema,
  MAX_GOVERNANCE_ARTIFACT_BYTES,
  type SemanticResult,
} from '@exoarmur/contracts';
import { hashArtifact, hashManifest } from './artifact-hash.ts';
import type { CapabilityJournal } from './capability.ts';
import { type ManifestReading, readContents, readManifest } from './manifest.ts';
import { describeCode } from './messages.ts';
import { askProvider } from './provider-answer.ts';
import type { ProviderDirectory } from './provider-port.ts';

/** What there is to examine. */
export interface ExaminationInput {
  /** `artifacts` of a bundle 3, `governance_evidence` of an ancestor's. */
  readonly evidence: JsonObject | undefined;
  /** Whether the bundle's own checks found that nothing was altered. Without it no provider is asked. */
  readonly isIntact: boolean;
  readonly subject: GovernanceSubject | null;
  /** Undefined while discovery is disabled. */
  readonly providers: ProviderDirectory | undefined;
  readonly verdictEffect: GovernanceArtifactsReport['verdict_effect'];
  readonly journal: CapabilityJournal;
}

/** The report with what enforcement needs beside it. */
export interface GovernanceExamination {
  readonly report: GovernanceArtifactsReport;
  readonly reading: ManifestReading;
  /** Keys of embedded content that no manifest entry names, sorted. */
  readonly unlisted: readonly string[];
  readonly isIntact: boolean;
}

const NO_PROVIDER = {
  unavailable: 'PROVIDER_UNAVAILABLE',
  untrusted: 'PROVIDER_UNTRUSTED',
  conflict: 'PROVIDER_CONFLICT',
} as const;

/** Codes of entries that were judged and found wrong. */
const INVALID: readonly GovernanceCode[] = ['HASH_MISMATCH', 'SEMANTIC_INVALID'];

/**
 * Examines the governance artifacts of one bundle (spec/governance-artifacts.md, "Examination"): shape, counts and hashes by the
 * verifier itself, meaning by the providers. Never throws on evidence and never on what a provider does; ends with the error of the
 * journal when that cannot take something down, because what is not on record does not run.
 */
export async function examineArtifacts(input: ExaminationInput): Promise<GovernanceExamination> {
  const reading = readManifest(input.evidence);
  const contents = readContents(input.evidence);
  const entries = reading.status === 'valid' ? reading.manifest.artifacts : [];
  const results: SemanticResult[] = [];
  for (const entry of entries) results.push(await examineEntry(entry, contents.get(entry.artifact_hash), input));
  const listed = new Set<string>(entries.map((entry) => entry.artifact_hash));
  const types = [...new Set(entries.map((entry) => entry.artifact_type))].sort();
  const required = entries.filter((entry) => entry.required_for_verdict).length;
  const valid = results.filter((result) => result.code === 'SEMANTIC_VALID').length;
  const invalid = results.filter((result) => INVALID.includes(result.code)).length;
  const { verdictEffect: verdict_effect, isIntact } = input;
  return {
    reading,
    isIntact,
    unlisted: [...contents.keys()].filter((key) => !listed.has(key)).sort(),
    report: {
      present: reading.status !== 'absent',
      valid_manifest: reading.status === 'valid',
      manifest_hash: reading.status === 'valid' ? hashManifest(reading.manifest) : null,
      artifact_count: entries.length,
      required_count: required,
      optional_count: entries.length - required,
      artifact_types: types,
      provider_availability: Object.fromEntries(
        types.map((type) => [type, isAvailable(type, input) ? 'available' : 'unavailable']),
      ),
      semantic_verification: {
        attempted: input.providers !== undefined && isIntact && entries.length > 0,
        verdict_effect,
        total: results.length,
        verified: valid + invalid,
        valid,
        invalid,
        unavailable: results.length - valid - invalid,
        results,
      },
      verdict_effect,
    },
  };
}

function isAvailable(artifactType: string, { providers }: ExaminationInput): boolean {
  return providers?.find(artifactType).status === 'available';
}

interface Finding {
  readonly code: GovernanceCode;
  readonly hashMatches: boolean | null;
  readonly semanticValid?: boolean;
  readonly reason?: string | null;
}

async function examineEntry(
  entry: GovernanceManifestEntry,
  content: unknown,
  input: ExaminationInput,
): Promise<SemanticResult> {
  const listing = input.providers?.find(entry.artifact_type);
  const finding = await judgeEntry(entry, content, input);
  return {
    artifact_type: entry.artifact_type,
    schema_version: entry.schema_version,
    artifact_hash: entry.artifact_hash,
    provider_available: listing?.status === 'available',
    provider_version: listing?.status === 'available' ? listing.provider.version : null,
    content_available: content !== undefined,
    hash_matches: finding.hashMatches,
    semantic_valid: finding.semanticValid ?? null,
    code: finding.code,
    message: describeCode(finding.code, finding.reason ?? null),
  };
}

async function judgeEntry(
  entry: GovernanceManifestEntry,
  content: unknown,
  { isIntact, providers, subject, journal }: ExaminationInput,
): Promise<Finding> {
  // SECURITY: what the bundle's own hashes do not vouch for reaches no provider.
  if (!isIntact) return { code: 'NOT_REACHED', hashMatches: null };
  if (content === undefined) return { code: 'CONTENT_UNAVAILABLE', hashMatches: null };
  const artifact = jsonObjectSchema.safeParse(content);
  if (!artifact.success) return { code: 'HASH_MISMATCH', hashMatches: false };
  const hash = hashBounded(entry.schema_version, artifact.data);
  if (hash === undefined) return { code: 'CONTENT_TOO_LARGE', hashMatches: null };
  if (hash !== entry.artifact_hash) return { code: 'HASH_MISMATCH', hashMatches: false };
  const without = (code: GovernanceCode): Finding => ({ code, hashMatches: true });
  if (providers === undefined) return without('DISCOVERY_DISABLED');
  const listing = providers.find(entry.artifact_type);
  if (listing.status !== 'available') return without(NO_PROVIDER[listing.status]);
  const { provider } = listing;
  if (!provider.schemaVersions.includes(entry.schema_version)) return without('SCHEMA_VERSION_UNSUPPORTED');
  const { artifact_type } = entry;
  const capability = { package: provider.package, version: provider.version, artifact_type, digest: provider.digest };
  await journal.activated(capability, entry);
  const answer = await askProvider(provider, {
    schemaVersion: entry.schema_version,
    artifact: artifact.data,
    artifactHash: hash,
    subject,
  });
  if (answer.code === 'SEMANTIC_VALID') return { ...answer, hashMatches: true, semanticValid: true };
  if (answer.code === 'SEMANTIC_INVALID') return { ...answer, hashMatches: true, semanticValid: false };
  await journal.denied(capability, answer.code);
  return without(answer.code);
}

function hashBounded(schemaVersion: string, artifact: JsonObject): Digest | undefined {
  try {
    canonicalizeToBytes(artifact, { maxBytes: MAX_GOVERNANCE_ARTIFACT_BYTES });
    return hashArtifact(schemaVersion, artifact);
  } catch (error) {
    // Content comes out of a canonical document, one level deeper than it stands in the hash: only its size can be wrong.
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}
