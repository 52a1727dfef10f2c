export { Denial, type DenialCode } from './discovery/denial.ts';
export { type DiscoveryOptions, discoverProviders } from './discovery/discover.ts';
export { type DeclaredProvider, type ProviderPackage, readProviderPackage } from './discovery/provider-package.ts';
export { ProviderModuleError, type ProviderModuleErrorCode } from './errors.ts';
export type { ArtifactVerdict, Json, JsonMap, Provider, ProviderContext, ProviderTools } from './process/host.ts';
export { runProcessProvider } from './process/run-process.ts';
export { PROVIDER_RUNTIMES, type ProviderRuntimes, type RunProvider } from './runtimes.ts';
export { FUEL_EXPORT, MAX_MEMORY_PAGES, meterModule } from './wasm/metering.ts';
export { DEFAULT_FUEL, runWasmProvider } from './wasm/run-module.ts';
