import { createSigner, formatTime } from '@exoarmur/canonical';
import type { PolicyBundle, PolicySet } from '@exoarmur/contracts';
import { createPolicyBundle, signPolicyBundle } from '@exoarmur/policy';
import { createTestClock, POLICY_SET } from './configs.ts';

/** Whose bundles count in the tests, and one whose do not. */
export const POLICY_SIGNER = createSigner('policy.test', new Uint8Array(32).fill(80));
export const STRANGER = createSigner('stranger.test', new Uint8Array(32).fill(81));
export const HOUR_MS = 3_600_000;

const { nowMs: START_MS } = createTestClock();

/** A signed bundle of the test policies that holds from an hour before the start of the test clock until an hour after. */
export function signedBundle(
  version: number,
  {
    signer = POLICY_SIGNER,
    policySet = POLICY_SET,
    ...change
  }: Partial<PolicyBundle> & { readonly signer?: typeof POLICY_SIGNER; readonly policySet?: PolicySet } = {},
) {
  const about = {
    ...{ bundle_id: `policies-${version}`, tenant_id: 'demo', version },
    ...{ issued_at: formatTime(START_MS - HOUR_MS), expires_at: formatTime(START_MS + HOUR_MS) },
  };
  return signPolicyBundle(createPolicyBundle({ ...about, ...change }, policySet), [signer]);
}

/** The test policies with another one. */
export function policiesWith(name: string, text: string): PolicySet {
  return { ...POLICY_SET, policies: { ...POLICY_SET.policies, [name]: text } };
}
