import { type ProviderDirectory, parseProviderTrust } from '@exoarmur/governance-artifacts';
import { discoverProviders, PROVIDER_RUNTIMES } from '@exoarmur/governance-runtime';

/** Finds the providers that the operator's file trusts below a project folder. Runs nothing. @throws GovernanceError */
export function openDirectory(trust: Uint8Array, projectRoot: string): ProviderDirectory {
  return discoverProviders({ projectRoot, trust: parseProviderTrust(trust), runtimes: PROVIDER_RUNTIMES });
}
