import { digestValue } from '@exoarmur/canonical';
import type {
  CapabilityActivation,
  CapabilityDenial,
  CapabilityRegistration,
  CellAuditSink,
  CellKind,
  Digest,
  GovernanceManifestEntry,
  GovernanceProvider,
} from '@exoarmur/contracts';

/** One step in the life of a provider, as it is recorded. */
export type CapabilityEvent = CapabilityRegistration | CapabilityActivation | CapabilityDenial;

/** Takes an event down before what it tells of goes on; when it rejects, nothing goes on. */
export type RecordCapability = (event: CapabilityEvent) => Promise<void>;

/** Where the events of one verification go. */
export interface CapabilityRecorder {
  /** Who verifies: an identifier. */
  readonly requestedBy: string;
  readonly record: RecordCapability;
}

/** Record kind of each event (spec/record.md); the event is the payload. */
const KINDS = {
  'exoarmur.v2.capability.registration.v1': 'capability_registered',
  'exoarmur.v2.capability.activation.v1': 'capability_activated',
  'exoarmur.v2.capability.denial.v1': 'capability_denied',
} as const satisfies Record<CapabilityEvent['schema'], CellKind>;

/** A recorder that seals each event as a fact of the cell in a stream of its log. */
export function sealCapabilities(log: CellAuditSink, stream: string, requestedBy: string): CapabilityRecorder {
  const place = { stream, correlation: stream, trace: null, actor: { type: 'service', id: requestedBy } } as const;
  return {
    requestedBy,
    record: async (event) => {
      await log.appendCell({ ...place, kind: KINDS[event.schema], payload: { ...event } });
    },
  };
}

/** The events of the verification of one bundle, in the order in which things happen. */
export class CapabilityJournal {
  readonly #recorder: CapabilityRecorder | undefined;
  readonly #bundle: string;

  constructor(recorder: CapabilityRecorder | undefined, bundle: string) {
    this.#recorder = recorder;
    this.#bundle = bundle;
  }

  /** Each provider of the trust file: registered, or denied with the code of discovery. Nothing has run. */
  async discovered(providers: readonly GovernanceProvider[]): Promise<void> {
    for (const provider of providers) {
      const { denied, digest } = provider;
      if (denied !== null || digest === null) await this.denied(provider, denied ?? 'PROVIDER_UNTRUSTED');
      else await this.#registered(provider, digest);
    }
  }

  /** A provider is about to run for one entry. */
  async activated(provider: Capability & { readonly digest: Digest }, entry: GovernanceManifestEntry): Promise<void> {
    const capability_id = formatCapabilityId(provider);
    const context = { artifact_hash: entry.artifact_hash, schema_version: entry.schema_version };
    await this.#record((requested_by) => ({
      schema: 'exoarmur.v2.capability.activation.v1',
      capability_id,
      requested_by,
      activation_context: context,
      idempotency_key: digestValue('exoarmur.capability-activation/1', {
        capability_id,
        context,
        bundle: this.#bundle,
        provider: provider.digest,
      }),
    }));
  }

  /** A provider is not used, or what it answered does not count. */
  async denied(provider: Capability, reason: string): Promise<void> {
    const capability_id = formatCapabilityId(provider);
    await this.#record((denied_by) => ({
      schema: 'exoarmur.v2.capability.denial.v1',
      capability_id,
      denied_by,
      reason,
    }));
  }

  async #registered(provider: GovernanceProvider, digest: Digest): Promise<void> {
    await this.#record(() => ({
      schema: 'exoarmur.v2.capability.registration.v1',
      capability_id: formatCapabilityId(provider),
      provider: provider.package,
      version: provider.version,
      capability_class: 'governance_artifact_provider',
      endpoints: [provider.artifact_type],
      metadata: { runtime: provider.runtime, digest },
    }));
  }

  async #record(make: (requestedBy: string) => CapabilityEvent): Promise<void> {
    if (this.#recorder !== undefined) await this.#recorder.record(make(this.#recorder.requestedBy));
  }
}

type Capability = Pick<GovernanceProvider, 'package' | 'version' | 'artifact_type'>;

function formatCapabilityId({ package: name, version, artifact_type }: Capability): string {
  return `${name}@${version}/${artifact_type}`;
}
