import type { PolicySet } from '@exoarmur/contracts';
import { formatIntentSchema } from '@exoarmur/policy';
import { LOGICAL_ROOTS } from './scenario.ts';

/** The policy of the demonstration: people may delete what lies in one folder, and nobody deletes anything else. */
export const DEMO_POLICY_SET: PolicySet = {
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  policies: {
    'people-may-clean-up': `permit (
  principal is Human,
  action == Action::"delete",
  resource in Directory::"${LOGICAL_ROOTS.authorized}"
);`,
    'nothing-else-is-deleted': `forbid (principal, action == Action::"delete", resource)
unless { resource in Directory::"${LOGICAL_ROOTS.authorized}" };`,
  },
  cedar_schema: formatIntentSchema(['delete']),
};
