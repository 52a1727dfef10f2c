import { digestValue } from '@exoarmur/canonical';
import type {
  CapabilityActivation,
  CapabilityDenial,
  CapabilityRegistration,
  GovernanceProvider,
  VerificationReport,
} from '@exoarmur/contracts';

/** One step in the life of a provider, as it is recorded. */
export type CapabilityEvent = CapabilityRegistration | CapabilityActivation | CapabilityDenial;

/** Codes that follow a run; an entry with one of the others never reached its provider. */
const AFTER_A_RUN: ReadonlySet<string> = new Set([
  'PROVIDER_LOAD_FAILED',
  'PROVIDER_TIMEOUT',
  'PROVIDER_CRASHED',
  'PROVIDER_RESPONSE_MALFORMED',
  'PROVIDER_NONDETERMINISTIC',
  'PROVIDER_HASH_DISAGREES',
  'SEMANTIC_INVALID',
  'SEMANTIC_VALID',
]);

/**
 * What one verification did with providers, in order: each trusted provider registered or denied, each entry for which one was
 * activated, and the denial of an answer that does not count. The caller puts them on record, with its own clock.
 */
export function listCapabilityEvents(report: VerificationReport, requestedBy: string): CapabilityEvent[] {
  const providers = report.governance_providers ?? [];
  const events: CapabilityEvent[] = providers.map((provider) => toFirstEvent(provider, requestedBy));
  for (const result of report.governance_artifacts?.semantic_verification.results ?? []) {
    const provider = providers.find((one) => one.artifact_type === result.artifact_type && one.denied === null);
    if (provider === undefined || !AFTER_A_RUN.has(result.code)) continue;
    const capability_id = formatCapabilityId(provider);
    const context = { artifact_hash: result.artifact_hash, schema_version: result.schema_version };
    events.push({
      schema: 'exoarmur.v2.capability.activation.v1',
      capability_id,
      requested_by: requestedBy,
      activation_context: context,
      idempotency_key: digestValue('exoarmur.capability-activation/1', {
        capability_id,
        context,
        bundle: report.bundle.digest,
        provider: provider.digest,
      }),
    });
    if (result.code.startsWith('PROVIDER_')) events.push(denial(capability_id, requestedBy, result.code));
  }
  return events;
}

function toFirstEvent(provider: GovernanceProvider, requestedBy: string): CapabilityEvent {
  const capability_id = formatCapabilityId(provider);
  if (provider.denied !== null || provider.digest === null) {
    return denial(capability_id, requestedBy, provider.denied ?? 'PROVIDER_UNTRUSTED');
  }
  return {
    schema: 'exoarmur.v2.capability.registration.v1',
    capability_id,
    provider: provider.package,
    version: provider.version,
    capability_class: 'governance_artifact_provider',
    endpoints: [provider.artifact_type],
    metadata: { runtime: provider.runtime, digest: provider.digest },
  };
}

function denial(capability_id: string, denied_by: string, reason: string): CapabilityDenial {
  return { schema: 'exoarmur.v2.capability.denial.v1', capability_id, denied_by, reason };
}

function formatCapabilityId({ package: name, version, artifact_type }: GovernanceProvider): string {
  return `${name}@${version}/${artifact_type}`;
}
