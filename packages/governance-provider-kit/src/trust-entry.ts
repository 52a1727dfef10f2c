import type { JsonObject, ProviderTrust } from '@exoarmur/contracts';
import { readProviderPackage } from '@exoarmur/governance-runtime';

/**
 * The trust file that would trust a package as it lies in its folder. Writing it down is the operator's act: read the code first.
 * A package with providers of two runtimes has two entries. @throws Denial
 */
export function proposeTrust(folder: string, configuration?: JsonObject): ProviderTrust {
  const { name, version, providers } = readProviderPackage(folder);
  const runtimes = [...new Set(providers.map(({ runtime }) => runtime))].sort();
  return {
    schema: 'exoarmur.provider-trust/1',
    providers: runtimes.map((runtime) => {
      const own = providers.filter((provider) => provider.runtime === runtime);
      return {
        package: name,
        version,
        artifact_types: [...new Set(own.map(({ artifactType }) => artifactType))].sort(),
        runtime,
        files: Object.fromEntries(own.map(({ entry, digest }) => [entry, digest])),
        ...(configuration === undefined ? {} : { configuration }),
      };
    }),
  };
}
