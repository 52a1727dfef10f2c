import { canonicalize, encodeUtf8 } from '@exoarmur/canonical';
import type { GovernanceManifestEntry, JsonObject, ProviderRequest, VerificationReport } from '@exoarmur/contracts';
import { hashArtifact } from '../src/artifact-hash.ts';
import type { ProviderDirectory, ProviderHandle, ProviderListing, ProviderRun } from '../src/provider-port.ts';

/** A core report as the verifier of bundles makes it. */
export function coreReport(
  verdict: 'PASS' | 'FAIL' = 'PASS',
  failed: 'structure' | 'integrity' | 'lifecycle' = 'lifecycle',
): VerificationReport {
  const names = [
    'structure',
    'integrity',
    'signer',
    'completeness',
    'lifecycle',
    'decision',
    'witness',
    'governance',
  ] as const;
  return {
    schema: 'exoarmur.verification-report/1',
    verify_verdict: verdict,
    assurance: 'integrity',
    bundle: {
      shape: 'legacy_2_0',
      digest: `sha256:${'0'.repeat(64)}`,
      stream: 'stream-1',
      final_verdict: 'deny',
      outcome: null,
      signed_by: [],
    },
    required: ['structure', 'integrity'],
    checks: names.map((name) => ({
      name,
      status: name === 'governance' ? 'not_requested' : verdict === 'FAIL' && name === failed ? 'failed' : 'passed',
      divergences: [],
    })),
    coverage: null,
    limitations: ['governance_not_checked'],
  };
}

/** The bytes of a file whose governance evidence is `evidence`. */
export function fileWith(evidence: unknown): Uint8Array {
  return encodeUtf8(canonicalize({ governance_evidence: evidence }));
}

export const POLICY: JsonObject = { policies: { a: 'permit(principal, action, resource);' } };
export const PROOF: JsonObject = { receipt: 'r-1' };

export function entry(type: string, artifact: JsonObject, required = false): GovernanceManifestEntry {
  const schema_version = `${type}.v1`;
  return {
    artifact_type: type,
    schema_version,
    artifact_hash: hashArtifact(schema_version, artifact),
    required_for_verdict: required,
  };
}

export function manifestOf(...artifacts: readonly unknown[]): JsonObject {
  return {
    schema: 'exoarmur.governance-manifest/1',
    hash_algorithm: 'exoarmur.governance-artifact/1',
    artifacts,
  } as unknown as JsonObject;
}

export function evidenceOf(
  entries: readonly GovernanceManifestEntry[],
  contents: readonly JsonObject[],
): { governance_artifacts_manifest: JsonObject; governance_artifacts: JsonObject } {
  const governance_artifacts = Object.fromEntries(entries.map((one, i) => [one.artifact_hash, contents[i]]));
  for (const key of Object.keys(governance_artifacts)) {
    if (governance_artifacts[key] === undefined) delete governance_artifacts[key];
  }
  return {
    governance_artifacts_manifest: manifestOf(...entries),
    governance_artifacts: governance_artifacts as JsonObject,
  };
}

export function answer(value: unknown): ProviderRun {
  return { outcome: 'answered', bytes: encodeUtf8(canonicalize(value)) };
}

/** What an honest provider answers. */
export function honest(request: Uint8Array, valid = true): ProviderRun {
  const { schema_version, artifact } = JSON.parse(new TextDecoder().decode(request)) as ProviderRequest;
  return answer({
    schema: 'exoarmur.provider-response/1',
    canonical_hash: hashArtifact(schema_version, artifact),
    valid,
    reason: valid ? null : 'digest_differs',
  });
}

export function handle(
  run: (request: Uint8Array, round: number) => ProviderRun | Promise<ProviderRun> = (request) => honest(request),
  schemaVersions: readonly string[] = ['policy_snapshot.v1', 'tool_invocation_proof.v1'],
): ProviderHandle {
  let round = 0;
  return {
    package: '@acme/provider',
    version: '0.1.0',
    runtime: 'process',
    digest: `sha256:${'1'.repeat(64)}`,
    schemaVersions,
    configuration: {},
    run: async (request) => run(request, round++),
  };
}

export function directory(byType: Readonly<Record<string, ProviderListing>>): ProviderDirectory {
  return {
    find: (type) => byType[type] ?? { status: 'unavailable' },
    providers: Object.entries(byType).map(([artifact_type, listing]) => ({
      package: '@acme/provider',
      version: '0.1.0',
      artifact_type,
      runtime: 'process',
      digest: listing.status === 'available' ? listing.provider.digest : null,
      denied: listing.status === 'available' ? null : 'PROVIDER_DIGEST_MISMATCH',
    })),
  };
}

export function withProvider(provider: ProviderHandle = handle()): ProviderDirectory {
  return directory({ policy_snapshot: { status: 'available', provider } });
}
