import type { ActionClass, Autonomy, PolicyBounds, PolicyBundle, PolicySet } from '@exoarmur/contracts';
import type { SwitchStates } from '../switches/switch-board.ts';

/** What the names of the policies begin with that bounds add. */
export const BOUNDS_POLICY_PREFIX = 'bounds.';

/**
 * The policies that govern under a bundle: its own, and its autonomy envelope and trust floors as policies of their own, so
 * that a record shows them and a verifier decides under the same. They only ever forbid.
 */
export function formatGoverningSet({
  policy_set,
  bounds = {},
}: Pick<PolicyBundle, 'policy_set' | 'bounds'>): PolicySet {
  const { autonomy_envelope = {}, trust_floors = {} } = bounds;
  const added: Record<string, string> = {};
  for (const [actionClass, autonomy] of entriesOf<Autonomy>(autonomy_envelope)) {
    const policy = formatAutonomy(autonomy, isOf(actionClass));
    if (policy !== undefined) added[`${BOUNDS_POLICY_PREFIX}autonomy.${actionClass}`] = policy;
  }
  for (const [actionClass, floor] of entriesOf<number>(trust_floors)) {
    const isBelow = `(if context has trust_milli then context.trust_milli < ${floor} else true)`;
    added[`${BOUNDS_POLICY_PREFIX}trust.${actionClass}`] =
      `@approval("human")\nforbid(principal, action, resource) when { ${isOf(actionClass)} && ${isBelow} };`;
  }
  if (Object.keys(added).length === 0) return policy_set;
  return { ...policy_set, policies: { ...policy_set.policies, ...added } };
}

/** The switches that a bundle engages; it has none for actors and classes, and clears nothing that is engaged elsewhere. */
export function switchesOf({ kill_switches }: PolicyBounds): SwitchStates {
  const stateOf = (isEngaged: boolean | undefined) => (isEngaged === true ? 'engaged' : 'clear');
  return {
    global: stateOf(kill_switches?.global),
    tenant: stateOf(kill_switches?.tenant),
    actor: 'clear',
    action_class: 'clear',
  };
}

function formatAutonomy(autonomy: Autonomy, condition: string): string | undefined {
  const forbid = `forbid(principal, action, resource) when { ${condition} };`;
  switch (autonomy) {
    case 'local':
      return undefined;
    case 'forbidden':
      return forbid;
    case 'human':
    case 'quorum':
      return `@approval("${autonomy}")\n${forbid}`;
  }
}

function isOf(actionClass: ActionClass): string {
  return `context.action_class == "${actionClass}"`;
}

function entriesOf<Value>(
  map: { readonly [Class in ActionClass]?: Value | undefined },
): (readonly [ActionClass, Value])[] {
  return (Object.keys(map) as ActionClass[]).flatMap((actionClass) => {
    const value = map[actionClass];
    return value === undefined ? [] : [[actionClass, value] as const];
  });
}
