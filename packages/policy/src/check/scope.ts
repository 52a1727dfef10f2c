import { identifierSchema } from '@exoarmur/contracts';
import type { EntityUidJson, PolicyJson } from '../cedar/wasm.ts';
import { parseTarget } from '../request/target.ts';

type Scope = PolicyJson['principal'];

const PRINCIPALS: readonly string[] = ['Agent', 'Human', 'Service'];
const RESOURCES: readonly string[] = ['Path', 'Url', 'Tool', 'Name'];

/** The groups of each action of a schema, as the engine gives the schema in JSON. */
export type ActionGroups = ReadonlyMap<string, readonly string[]>;

/** The actions of a schema for which an action scope holds. */
export function actionsOf({ action }: PolicyJson, groups: ActionGroups): ReadonlySet<string> {
  if (action.op === 'All') return new Set(groups.keys());
  const named = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : [];
  const ids = new Set(named.map(uidOf).flatMap(({ type, id }) => (type === 'Action' ? [id] : [])));
  const holds = (name: string, seen: ReadonlySet<string>): boolean =>
    ids.has(name) ||
    (action.op === 'in' &&
      (groups.get(name) ?? []).some((group) => !seen.has(group) && holds(group, new Set([...seen, group]))));
  return new Set([...groups.keys()].filter((name) => holds(name, new Set([name]))));
}

/**
 * Why no request of this package can ever be in the scope of a policy, or undefined when one may be. Rests on how requests
 * are made (`spec/policy.md`, Request), not on what the schema permits.
 */
export function findUnreachableScope(policy: PolicyJson, groups: ActionGroups): string | undefined {
  if (actionsOf(policy, groups).size === 0) return 'its scope names no action of the schema';
  return unreachable(policy.principal, PRINCIPALS, 'principal') ?? unreachable(policy.resource, RESOURCES, 'resource');
}

function unreachable(scope: Scope, types: readonly string[], part: string): string | undefined {
  if (scope.op === 'is' && !types.includes(scope.entity_type)) return `no ${part} is a \`${scope.entity_type}\``;
  const entity = entityOf(scope);
  if (entity === undefined) return undefined;
  const { type, id } = entity;
  const isAncestor = part === 'resource' && scope.op !== '==' && ANCESTORS[type] !== undefined;
  if (!types.includes(type) && !isAncestor) return `no ${part} is \`${type}\` or below one`;
  const isSpelled = isAncestor ? ANCESTORS[type]?.spelling(id) : isEntitySpelled(type, id);
  if (isSpelled === false) return `no ${part} is written \`${type}::${JSON.stringify(id)}\``;
  if (scope.op !== 'is') return undefined;
  const below = isAncestor ? ANCESTORS[type]?.of : type;
  return below === scope.entity_type ? undefined : `no \`${scope.entity_type}\` is below a \`${type}\``;
}

/** Ancestors of resources: what stands below them, and whether an id is one that a target can have. */
const ANCESTORS: Readonly<Record<string, { readonly of: string; readonly spelling: (id: string) => boolean }>> = {
  Directory: { of: 'Path', spelling: (id) => kindOf(id) === 'Path' },
  Host: { of: 'Url', spelling: (id) => !/[/?#@]/.test(id) && kindOf(`any://${id}/`) === 'Url' && !/:\d*$/.test(id) },
  Server: { of: 'Tool', spelling: (id) => kindOf(`mcp://${id}/tool`) === 'Tool' },
};

function isEntitySpelled(type: string, id: string): boolean {
  if (PRINCIPALS.includes(type)) return identifierSchema.safeParse(id).success;
  if (type === 'Tool') return kindOf(`mcp://${id}`) === 'Tool';
  return kindOf(id) === type;
}

function kindOf(target: string): string | undefined {
  const answer = parseTarget(target);
  return answer.outcome === 'valid' ? answer.target.kind : undefined;
}

/**
 * Whether principal and resource of every request in the scope of `inner` are in the scope of `outer`. Says no when it does
 * not know: directories and hosts are compared by name, everything else by equality.
 */
export function areEntitiesWithin(inner: PolicyJson, outer: PolicyJson): boolean {
  return isWithin(inner.principal, outer.principal) && isWithin(inner.resource, outer.resource);
}

function isWithin(inner: Scope, outer: Scope): boolean {
  if (outer.op === 'All') return true;
  const innerEntity = entityOf(inner);
  const outerEntity = entityOf(outer);
  if (outer.op === 'is') {
    const isTyped =
      inner.op === 'is'
        ? inner.entity_type === outer.entity_type
        : inner.op === '==' && innerEntity?.type === outer.entity_type;
    if (!isTyped) return false;
    if (outer.in === undefined) return true;
  }
  if (innerEntity === undefined || outerEntity === undefined) return false;
  const isSame = innerEntity.type === outerEntity.type && innerEntity.id === outerEntity.id;
  if (outer.op === '==') return inner.op === '==' && isSame;
  return isSame || isBelow(innerEntity, outerEntity);
}

/** Whether a resource that is, or is below, `inner` is below `outer` too. */
function isBelow(inner: EntityName, outer: EntityName): boolean {
  const isTree = (type: string): boolean => inner.type === type || inner.type === outer.type;
  if (outer.type === 'Directory' && isTree('Path')) {
    return inner.id.startsWith(outer.id === '/' ? '/' : `${outer.id}/`) && inner.id !== outer.id;
  }
  // An address has no domains above it; its last label is a number.
  if (outer.type === 'Host' && inner.type === 'Host') return inner.id.endsWith(`.${outer.id}`) && !/\d$/.test(inner.id);
  if (outer.type === 'Server' && inner.type === 'Tool') return inner.id.startsWith(`${outer.id}/`);
  return false;
}

interface EntityName {
  readonly type: string;
  readonly id: string;
}

function entityOf(scope: Scope): EntityName | undefined {
  if (scope.op === 'is') return scope.in !== undefined && 'entity' in scope.in ? uidOf(scope.in.entity) : undefined;
  return scope.op !== 'All' && 'entity' in scope ? uidOf(scope.entity) : undefined;
}

function uidOf(uid: EntityUidJson): EntityName {
  return '__entity' in uid ? uid.__entity : uid;
}
