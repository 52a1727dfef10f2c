import type { PolicyDecisionPoint, PolicySet } from '@exoarmur/contracts';
import {
  assertPolicySet,
  createDecisionPoint,
  digestPolicySet,
  POLICY_SET_LIMITS,
  parsePolicySet,
} from '@exoarmur/policy';
import type { BoundaryConfig } from './config.ts';
import { SdkError } from './errors.ts';
import { readBounded } from './read-file.ts';

/** A decision point, and whether its policies came through a channel that somebody vouches for. */
export interface OpenedPolicy {
  readonly decisionPoint: PolicyDecisionPoint;
  readonly isVerified: boolean;
}

/**
 * Reads the policies of a configuration. A set in code is the operator's own; a file counts as verified when the
 * configuration pins its digest, and then no other file will do.
 * @throws SdkError SDK_FILE_UNREADABLE, SDK_POLICY_MISMATCH; PolicyError POLICY_SET_MALFORMED, POLICY_SET_REFUSED
 */
export function openPolicy(source: BoundaryConfig['policy'], amend: (policySet: PolicySet) => PolicySet): OpenedPolicy {
  const policySet =
    'set' in source
      ? assertPolicySet(source.set)
      : parsePolicySet(readBounded(source.file, POLICY_SET_LIMITS.maxBytes, '/policy/file').bytes);
  const pinned = 'set' in source ? undefined : source.digest;
  if (pinned !== undefined && digestPolicySet(policySet) !== pinned) {
    throw new SdkError('SDK_POLICY_MISMATCH', 'the policy file has another digest', { pointer: '/policy/digest' });
  }
  const isVerified = 'set' in source || pinned !== undefined;
  return { decisionPoint: createDecisionPoint({ policySet: amend(policySet) }), isVerified };
}
