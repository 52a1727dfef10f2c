import type { CedarRequest, EntityRef, RequestEntity } from '../request/cedar-request.ts';
import type { EntityUidJson, PolicyJson } from './wasm.ts';

/** What of a request decides which scopes can hold: its three entities, each with itself and all its ancestors. */
type RequestKeys = readonly [action: readonly string[], resource: readonly string[], principal: readonly string[]];

type Leaves = Map<string, number[]>;
type Branches = Map<string, Leaves>;

const ANY = '*';

/**
 * Policies by their scope (the head of a policy: principal, action, resource). For a request it gives every policy whose
 * scope can hold, so a superset of those that apply: a policy outside of it has a scope that is false for the request, and
 * Cedar never evaluates the condition of such a policy, so it can neither match nor err.
 */
export class PolicyIndex {
  readonly size: number;
  readonly #byAction = new Map<string, Branches>();

  constructor(policies: readonly PolicyJson[]) {
    this.size = policies.length;
    policies.forEach((policy, index) => {
      for (const action of actionKeys(policy)) {
        const branches = getOrCreate(this.#byAction, action, (): Branches => new Map());
        const leaves = getOrCreate(branches, scopeKey(policy.resource), (): Leaves => new Map());
        getOrCreate(leaves, scopeKey(policy.principal), (): number[] => []).push(index);
      }
    });
  }

  /** Indexes of the policies whose scope can hold for the request, ascending and each once. */
  slice(request: CedarRequest): readonly number[] {
    const [actions, resources, principals] = requestKeys(request);
    const found: number[] = [];
    for (const action of actions) {
      const branches = this.#byAction.get(action);
      if (branches === undefined) continue;
      for (const resource of resources) {
        const leaves = branches.get(resource);
        if (leaves === undefined) continue;
        for (const principal of principals) found.push(...(leaves.get(principal) ?? []));
      }
    }
    if (found.length < 2) return found;
    // The keys of an entity and of its ancestors may lead to one policy more than once.
    return [...new Set(found)].sort((a, b) => a - b);
  }
}

function getOrCreate<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}

function actionKeys({ action }: PolicyJson): readonly string[] {
  switch (action.op) {
    case 'All':
      return [ANY];
    case '==':
      return 'entity' in action ? [`== ${uidKey(action.entity)}`] : [ANY];
    // SECURITY: the groups of an action stand in the Cedar schema, not in the request, so from the request alone nobody can
    // tell that it is in none of these. Such a policy is looked at for every action.
    case 'in':
      return [ANY];
  }
}

function scopeKey(scope: PolicyJson['principal']): string {
  switch (scope.op) {
    case 'All':
      return ANY;
    case '==':
      return 'entity' in scope ? `== ${uidKey(scope.entity)}` : ANY;
    case 'in':
      return 'entity' in scope ? `in ${uidKey(scope.entity)}` : ANY;
    case 'is':
      if (scope.in === undefined) return `is ${scope.entity_type}`;
      return 'entity' in scope.in ? `in ${uidKey(scope.in.entity)}` : ANY;
  }
}

function uidKey(uid: EntityUidJson): string {
  const { type, id } = '__entity' in uid ? uid.__entity : uid;
  return `${type}::${id}`;
}

function requestKeys({ principal, action, resource, entities }: CedarRequest): RequestKeys {
  const byUid = new Map(entities.map((entity) => [uidKey(entity.uid), entity]));
  return [keysOf(action, byUid), keysOf(resource, byUid), keysOf(principal, byUid)];
}

/** Every key under which a scope that holds for this entity can stand. An entity is `in` itself. */
function keysOf(uid: EntityRef, entities: ReadonlyMap<string, RequestEntity>): readonly string[] {
  const reached = new Set([uidKey(uid)]);
  for (const key of reached) for (const parent of entities.get(key)?.parents ?? []) reached.add(uidKey(parent));
  return [ANY, `is ${uid.type}`, `== ${uidKey(uid)}`, ...[...reached].map((key) => `in ${key}`)];
}
