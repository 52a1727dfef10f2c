import type { PolicySet } from '@exoarmur/contracts';
import { type CompiledPolicy, compilePolicySet, type PolicyProblem } from '../cedar/compile.ts';
import { schemaToJson, validate } from '../cedar/wasm.ts';
import { type ActionGroups, actionsOf, areEntitiesWithin, findUnreachableScope } from './scope.ts';

/** What is odd about a policy that is sound. */
export type FindingKind =
  /** It holds for no request. */
  | 'unreachable'
  /** A permit: whenever it holds, a forbid that nothing lifts holds too. */
  | 'never_permits'
  /** Whenever it holds, another policy holds that says the same. */
  | 'shadowed'
  /** No permit can hold for an action of the schema; `policy` is null. */
  | 'action_never_permitted'
  /** Something else the engine's validator warns of. */
  | 'engine_warning';

/** One finding. Everything but an engine warning is proven; what is not found may still be there. */
export interface PolicyFinding {
  readonly kind: FindingKind;
  readonly policy: string | null;
  /** The policy that shadows this one or forbids what it permits, where there is one. */
  readonly by: string | null;
  readonly message: string;
}

/** The answer of {@link checkPolicySet}. A set with problems does not start; one with findings does. */
export interface PolicyCheck {
  readonly problems: readonly PolicyProblem[];
  readonly findings: readonly PolicyFinding[];
}

/**
 * Checks a policy set as whoever decides under it would, and looks for policies that do nothing: conditions that the engine
 * proves false, scopes that no request reaches, policies that another one covers. Covering compares scopes and conditions
 * as they are written, so it misses some, but what it reports is so for every request. Pure; findings are sorted by policy.
 */
export function checkPolicySet(policySet: PolicySet): PolicyCheck {
  const answer = compilePolicySet(policySet);
  if (answer.outcome === 'refused') return { problems: answer.problems, findings: [] };
  const { policies } = answer.compiled;
  const groups = readGroups(policySet.cedar_schema);
  const found = new Map<string, PolicyFinding>();
  for (const { id, json } of policies) {
    const reason = findUnreachableScope(json, groups);
    if (reason !== undefined) found.set(id, finding('unreachable', id, null, reason));
  }
  const warnings: PolicyFinding[] = [];
  for (const { policy, message } of readWarnings(policySet)) {
    if (found.get(policy)?.kind === 'unreachable') continue;
    if (message.endsWith('evaluates to false for all valid requests')) {
      found.set(policy, finding('unreachable', policy, null, 'its scope and conditions are false for all requests'));
    } else warnings.push(finding('engine_warning', policy, null, message));
  }
  const live = policies.filter(({ id }) => !found.has(id));
  for (const policy of live) {
    const cover = findCover(policy, live, groups);
    if (cover !== undefined) found.set(policy.id, cover);
  }
  const listed = [...found.values(), ...warnings.filter(({ policy }) => policy !== null && !found.has(policy))];
  const byPolicy = listed.sort((a, b) => ((a.policy ?? '') < (b.policy ?? '') ? -1 : 1));
  return { problems: [], findings: [...byPolicy, ...findUnpermittedActions(live, groups)] };
}

function finding(kind: FindingKind, policy: string | null, by: string | null, message: string): PolicyFinding {
  return { kind, policy, by, message };
}

function readGroups(cedarSchema: string): ActionGroups {
  const answer = schemaToJson(cedarSchema);
  const actions = answer.type === 'failure' ? {} : (answer.json['']?.actions ?? {});
  return new Map(
    Object.entries(actions).map(([name, { memberOf }]) => [
      name,
      (memberOf ?? []).flatMap(({ id, type }) => (type === undefined || type === 'Action' ? [id] : [])),
    ]),
  );
}

function readWarnings(policySet: PolicySet): readonly { readonly policy: string; readonly message: string }[] {
  const answer = validate({
    validationSettings: { mode: 'strict' },
    schema: policySet.cedar_schema,
    policies: { staticPolicies: policySet.policies },
  });
  if (answer.type === 'failure') return [];
  return answer.validationWarnings.map(({ policyId, error }) => ({ policy: policyId, message: error.message }));
}

function findCover(
  policy: CompiledPolicy,
  others: readonly CompiledPolicy[],
  groups: ActionGroups,
): PolicyFinding | undefined {
  const covers = others.filter((other) => other.id !== policy.id && isCovered(policy, other, groups));
  const forbid = covers.find(({ effect, requirement }) => effect === 'forbid' && requirement === null);
  if (policy.effect === 'permit' && forbid !== undefined) {
    const message = `whenever it holds, \`${forbid.id}\` forbids`;
    return finding('never_permits', policy.id, forbid.id, message);
  }
  // SECURITY: a forbid that approvals lift stands in for another one only under a forbid that nothing lifts.
  const same = policy.effect === 'permit' ? covers.find(({ effect }) => effect === 'permit') : forbid;
  const isTwin = same !== undefined && policy.requirement === null && isCovered(same, policy, groups);
  // Of two that cover each other the one with the smaller id stays unmentioned.
  if (same === undefined || (isTwin && policy.id < same.id)) return undefined;
  return finding('shadowed', policy.id, same.id, `whenever it holds, \`${same.id}\` holds too`);
}

/** Whether `outer` holds whenever `policy` does. */
function isCovered(policy: CompiledPolicy, outer: CompiledPolicy, groups: ActionGroups): boolean {
  const actions = actionsOf(outer.json, groups);
  return (
    [...actionsOf(policy.json, groups)].every((action) => actions.has(action)) && isCoveredBeyondAction(policy, outer)
  );
}

/** Whether, for an action of both, `outer` holds whenever `policy` does: each of its conditions is one of `policy`. */
function isCoveredBeyondAction(policy: CompiledPolicy, outer: CompiledPolicy): boolean {
  const conditions = new Set((policy.json.conditions ?? []).map((condition) => JSON.stringify(condition)));
  return (
    (outer.json.conditions ?? []).every((condition) => conditions.has(JSON.stringify(condition))) &&
    areEntitiesWithin(policy.json, outer.json)
  );
}

function findUnpermittedActions(live: readonly CompiledPolicy[], groups: ActionGroups): readonly PolicyFinding[] {
  const forbids = live.filter(({ effect, requirement }) => effect === 'forbid' && requirement === null);
  const permitted = new Set<string>();
  for (const permit of live.filter(({ effect }) => effect === 'permit')) {
    const defeating = forbids.filter((forbid) => isCoveredBeyondAction(permit, forbid));
    const defeated = new Set(defeating.flatMap(({ json }) => [...actionsOf(json, groups)]));
    for (const action of actionsOf(permit.json, groups)) if (!defeated.has(action)) permitted.add(action);
  }
  // A group of actions is there for its members.
  const memberOf = new Set([...groups.values()].flat());
  return [...groups.keys()]
    .filter((name) => !permitted.has(name) && !memberOf.has(name))
    .sort()
    .map((name) => finding('action_never_permitted', null, null, `no policy can permit \`${name}\``));
}
