import {
  type ExecutorHost,
  type FlagName,
  type FlagSet,
  type PolicySet,
  type ResolvedFlags,
  resolveFlags,
} from '@exoarmur/contracts';
import type { BoundaryConfig } from './config.ts';
import { SdkError } from './errors.ts';
import type { FlagFacts } from './policy-facts.ts';

/** The policy that `v2_operator_approval_required` adds. */
const OPERATOR_APPROVAL_ID = 'flag.v2_operator_approval_required';

/** Flags without effect on a boundary by itself; switching one on here would promise what nothing keeps. */
const UNSUPPORTED: readonly FlagName[] = [
  'v2_federation_enabled',
  'v2_control_plane_enabled',
  'governance_artifacts_enabled',
  'governance_artifact_enforcement_enabled',
];

/**
 * Settles the flags of a boundary and holds it to those that say what it must be made of.
 * @throws FlagError CONTRACTS_FLAG_UNKNOWN, CONTRACTS_FLAG_VALUE_INVALID; SdkError SDK_FLAG_UNSUPPORTED for a flag of the
 * configuration that nothing here would keep, SDK_FLAG_UNMET
 */
export function settleFlags(config: BoundaryConfig, hosts: readonly ExecutorHost[]): ResolvedFlags {
  const { flags: configuration = {}, variables = process.env } = config;
  const unsupported = UNSUPPORTED.find((name) => configuration[name] === true);
  if (unsupported !== undefined) {
    const pointer = `/flags/${unsupported}`;
    throw new SdkError('SDK_FLAG_UNSUPPORTED', 'a boundary by itself has nothing to switch on here', { pointer });
  }
  const resolved = resolveFlags({ configuration, environment: variables });
  if (resolved.flags.policy_bundle_required && !('keyring' in config.policy)) {
    throw new SdkError('SDK_FLAG_UNMET', 'policy_bundle_required asks for signed bundles', { pointer: '/policy' });
  }
  assertConfined(resolved.flags, hosts, '/executors');
  return resolved;
}

/** @throws SdkError SDK_FLAG_UNMET */
export function assertConfined(flags: FlagSet, hosts: readonly ExecutorHost[], pointer: string): void {
  const index = hosts.findIndex(({ isolation }) => isolation !== 'child_process');
  if (!flags.sandbox_required || index < 0) return;
  throw new SdkError('SDK_FLAG_UNMET', 'sandbox_required asks for executors in a process of their own', {
    pointer: `${pointer}/${index}`,
  });
}

/** The flags as facts of a decision. */
export function flagFactsOf({ flags, sources }: ResolvedFlags): FlagFacts {
  const stated = Object.entries(sources).filter(([, source]) => source !== 'default');
  return { flags: { ...flags }, flag_sources: Object.fromEntries(stated) as FlagFacts['flag_sources'] };
}

/**
 * The policies with what the flags demand as policies of their own, so that a record shows it and a verifier decides under
 * the same. @throws SdkError SDK_CONFIG_INVALID when a policy has the name of a flag's
 */
export function applyFlags(policySet: PolicySet, flags: FlagSet, hosts: readonly ExecutorHost[]): PolicySet {
  if (!flags.v2_operator_approval_required) return policySet;
  if (Object.hasOwn(policySet.policies, OPERATOR_APPROVAL_ID)) {
    throw new SdkError('SDK_CONFIG_INVALID', 'a policy has the name of a flag', { pointer: '/policy' });
  }
  const policies = { ...policySet.policies, [OPERATOR_APPROVAL_ID]: formatOperatorApproval(policySet, hosts) };
  return { ...policySet, policies };
}

/**
 * Whatever changes something waits for a person. SECURITY: the class of an intent is the requester's word, so only those
 * actions are spared of which the executor itself declares that they observe.
 */
function formatOperatorApproval({ cedar_schema }: PolicySet, hosts: readonly ExecutorHost[]): string {
  const observing = hosts
    .flatMap((host) => host.actionTypes.filter((type) => host.findClassFloor(type) === 'A0_observe'))
    .filter((type) => cedar_schema.includes(`"${type}"`))
    .map((type) => `Action::"${type}"`);
  const spared = `action in [${observing.join(', ')}] && context.action_class == "A0_observe"`;
  const exception = observing.length === 0 ? '' : ` unless { ${spared} }`;
  return `@approval("human")\nforbid(principal, action, resource)${exception};`;
}
