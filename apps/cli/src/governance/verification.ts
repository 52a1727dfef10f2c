import { resolve } from 'node:path';
import { parseFlags } from '@exoarmur/contracts';
import {
  MAX_OPERATOR_FILE_BYTES,
  NO_PROVIDERS,
  type ProviderDirectory,
  parseGovernancePolicy,
  type VerifyGovernanceOptions,
} from '@exoarmur/governance-artifacts';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../files.ts';

/** What `verify-bundle` is told about governance. */
export interface GovernanceArguments {
  readonly providers?: string;
  readonly project?: string;
  readonly governancePolicy?: string;
  /** Whether the `governance` check was named among the required ones. */
  readonly isRequired: boolean;
}

/**
 * Reads flags, policy and trust file before the bundle is looked at. A policy that nothing would enforce is refused: whoever hands
 * one in expects it to count. @throws CliError CLI_GOVERNANCE_NOT_ENFORCED, FlagError, GovernanceError
 */
export async function prepareGovernance(
  { providers, project = '.', governancePolicy, isRequired }: GovernanceArguments,
  { cwd, environment = {} }: CommandContext,
): Promise<VerifyGovernanceOptions> {
  const flags = parseFlags(environment);
  const enforcement = flags.governance_artifact_enforcement_enabled;
  if (governancePolicy !== undefined && !enforcement && !isRequired) {
    const needed = 'set EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED=true or require the check `governance`';
    throw new CliError('CLI_GOVERNANCE_NOT_ENFORCED', `nothing would enforce the governance policy: ${needed}`);
  }
  const policy = governancePolicy === undefined ? undefined : parseGovernancePolicy(read(cwd, governancePolicy));
  let directory: ProviderDirectory | undefined;
  if (flags.governance_artifacts_enabled) {
    directory = providers === undefined ? NO_PROVIDERS : await discover(read(cwd, providers), resolve(cwd, project));
  }
  return { providers: directory, enforcement, isRequired, ...(policy === undefined ? {} : { policy }) };
}

/** Discovery is loaded only when it is switched on and there is a list. */
async function discover(trust: Uint8Array, projectRoot: string): Promise<ProviderDirectory> {
  const { openDirectory } = await import('./provider-directory.ts');
  return openDirectory(trust, projectRoot);
}

function read(cwd: string, file: string): Uint8Array {
  return readInputFile(resolve(cwd, file), MAX_OPERATOR_FILE_BYTES).bytes;
}
