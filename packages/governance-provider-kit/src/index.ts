export type {
  ArtifactVerdict,
  Json,
  JsonMap,
  Provider,
  ProviderContext,
  ProviderTools,
} from '@exoarmur/governance-runtime';
export { type CheckedCase, checkProvider, type ProviderCheck } from './check-provider.ts';
export { createProvider } from './create-provider.ts';
export { KitError, type KitErrorCode } from './errors.ts';
export { type GoldenCase, readGoldenCases } from './golden.ts';
export { type HostileInput, makeHostileInputs } from './hostile-inputs.ts';
export { renderTemplate, type TemplateOptions } from './template.ts';
export { proposeTrust } from './trust-entry.ts';
