import type { Digest, GovernanceProvider, JsonObject, ProviderRuntime } from '@exoarmur/contracts';

/** How one run of a provider ended. The bytes are whatever it wrote; `unconfined`: this machine cannot confine it, nothing ran. */
export type ProviderRun =
  | { readonly outcome: 'answered'; readonly bytes: Uint8Array }
  | { readonly outcome: 'unconfined' | 'load_failed' | 'timed_out' | 'crashed' | 'malformed' };

/** A trusted provider, ready to be run. Each run starts from nothing. */
export interface ProviderHandle {
  readonly package: string;
  readonly version: string;
  readonly runtime: ProviderRuntime;
  /** SHA-256 of the entry file. */
  readonly digest: Digest;
  readonly schemaVersions: readonly string[];
  /** The operator's words to this provider. */
  readonly configuration: JsonObject;
  /** Runs it once over one canonical request, apart from the verifier, with bounded time and memory. Never rejects. */
  run(request: Uint8Array): Promise<ProviderRun>;
}

/** What is known of the providers of one type. */
export type ProviderListing =
  | { readonly status: 'available'; readonly provider: ProviderHandle }
  | { readonly status: 'unavailable' | 'untrusted' | 'conflict' };

/** The outcome of discovery. Looking something up runs nothing. */
export interface ProviderDirectory {
  find(artifactType: string): ProviderListing;
  /** Every listed provider, sorted by package and type. */
  readonly providers: readonly GovernanceProvider[];
}

/** A directory without providers. */
export const NO_PROVIDERS: ProviderDirectory = Object.freeze({
  find: (): ProviderListing => ({ status: 'unavailable' }),
  providers: Object.freeze([]),
});
