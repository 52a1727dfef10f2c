import type { ExecutorHost, FlagName, PolicySet } from '@exoarmur/contracts';
import type { BoundaryConfig } from './config.ts';
import { SdkError } from './errors.ts';

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
 * The policies with what the flags demand as policies of their own, so that a record shows it and a verifier decides under
 * the same. @throws SdkError SDK_FLAG_UNSUPPORTED, SDK_CONFIG_INVALID when a policy has the name of a flag's
 */
export function applyFlags(
  policySet: PolicySet,
  flags: NonNullable<BoundaryConfig['flags']>,
  hosts: readonly ExecutorHost[],
): PolicySet {
  const unsupported = UNSUPPORTED.find((name) => flags[name] === true);
  if (unsupported !== undefined) {
    const pointer = `/flags/${unsupported}`;
    throw new SdkError('SDK_FLAG_UNSUPPORTED', 'a boundary by itself has nothing to switch on here', { pointer });
  }
  if (flags.v2_operator_approval_required !== true) return policySet;
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
