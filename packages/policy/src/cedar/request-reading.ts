import type { CedarRequest, CedarValue, EntityRef, RequestEntity } from '../request/cedar-request.ts';
import type { PolicyJson } from './wasm.ts';

type Variable = 'principal' | 'action' | 'resource' | 'context';

/**
 * What conditions read of one variable: `.name` for an attribute, `@Type::id` for whether it is, or is in, that entity. Null
 * when they may read all of it.
 */
type Attributes = ReadonlySet<string> | null;

/**
 * What the condition of a policy can read of a request. A scope is not part of it: whether it holds follows from the types of
 * the three entities and from the slice that the policy is in. Null when nothing less than the whole request will do.
 */
export type RequestReading = { readonly [Name in Variable]: Attributes } | null;

/** Reads the conditions of a policy. What this function does not know it takes to read everything. */
export function readingOf({ conditions }: PolicyJson): RequestReading {
  const seen: Record<Variable, Set<string> | null> = {
    principal: new Set(),
    action: new Set(),
    resource: new Set(),
    context: new Set(),
  };
  let isLimited = true;
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'Var') {
        if (isVariable(value)) seen[value] = null;
        else isLimited = false;
        // An entity that a policy names may be one of the request's.
      } else if (key === '__entity') isLimited = false;
      else if ((key === '.' || key === 'has') && isMember(value)) seen[value.left.Var]?.add(`.${value.attr}`);
      else if ((key === 'in' || key === '==' || key === '!=') && isTest(value)) {
        for (const uid of namedEntities(value.right) ?? []) seen[value.left.Var]?.add(`@${uid}`);
        // The type is told apart anyway.
      } else if (!(key === 'is' && isTypeTest(value))) visit(value);
    }
  };
  visit(conditions);
  return isLimited ? seen : null;
}

/** What several policies read together. */
export function mergeReadings(readings: readonly RequestReading[]): RequestReading {
  const merge = (name: Variable): Attributes => {
    const all = new Set<string>();
    for (const reading of readings) {
      const attributes = reading?.[name];
      if (attributes === null || attributes === undefined) return null;
      for (const attribute of attributes) all.add(attribute);
    }
    return all;
  };
  if (readings.includes(null)) return null;
  return {
    principal: merge('principal'),
    action: merge('action'),
    resource: merge('resource'),
    context: merge('context'),
  };
}

/**
 * Text that two requests share only if policies with this reading and this slice answer both alike: every value that is
 * read, and of every other one its shape, which is all that the schema looks at. Undefined when that cannot be said.
 */
export function requestKey(request: CedarRequest, reading: RequestReading): string | undefined {
  if (reading === null) return undefined;
  const { principal, action, resource, context, entities } = request;
  const [actor, target, ...others] = entities;
  if (actor === undefined || target === undefined) return undefined;
  // SECURITY: this is all that is read only in a request that holds its principal, its resource and entities with nothing but tags,
  // none of which leads back to the two. In any other one a path could read what the key leaves out.
  if (!isSameEntity(actor.uid, principal) || !isSameEntity(target.uid, resource)) return undefined;
  if (isSameEntity(principal, resource)) return undefined;
  if (others.some(({ attrs, parents }) => parents.length > 0 || Object.keys(attrs).length > 0)) return undefined;
  const uids = [principal, resource];
  const isPath = [actor.attrs, target.attrs, context].some((value) => leadsTo(value, uids));
  if (isPath || others.some(({ tags }) => leadsTo(tags, uids))) return undefined;
  // Each part says itself where it ends, so that no two requests are written alike.
  let key =
    writeEntity(actor, principal.type, reading.principal) + writeEntity(target, resource.type, reading.resource);
  key += JSON.stringify(action) + writeMembers(context, reading.context);
  for (const { uid, tags } of others) key += JSON.stringify([uid, tags]);
  return key;
}

function isSameEntity(a: EntityRef, b: EntityRef): boolean {
  return a.type === b.type && a.id === b.id;
}

/** Whether a reference to one of the entities stands anywhere inside of a value. */
function leadsTo(value: unknown, uids: readonly EntityRef[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { __entity: named } = value as { readonly __entity?: EntityRef };
  if (named !== undefined && uids.some((uid) => isSameEntity(uid, named))) return true;
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member === 'object' && leadsTo(member, uids)) return true;
  }
  return false;
}

function writeEntity(entity: RequestEntity, type: string, read: Attributes): string {
  if (read === null) return JSON.stringify(entity);
  const { uid, parents } = entity;
  let text = JSON.stringify(type);
  for (const name of read) {
    if (!name.startsWith('@')) continue;
    const isIt = name === testOf(uid);
    const isInIt = parents.some((parent) => name === testOf(parent));
    text += `${JSON.stringify(name)}${isIt ? 1 : 0}${isInIt ? 1 : 0}`;
  }
  return text + writeMembers(entity.attrs, read);
}

function testOf({ type, id }: EntityRef): string {
  return `@${type}::${id}`;
}

function writeMembers(members: Readonly<Record<string, CedarValue>>, read: Attributes): string {
  if (read === null) return JSON.stringify(members);
  let text = '{';
  for (const name of Object.keys(members)) {
    const value = members[name] as CedarValue;
    text += `${JSON.stringify(name)}${read.has(`.${name}`) ? `=${JSON.stringify(value)}` : writeShape(value)}`;
  }
  return `${text}}`;
}

/** A time of these years is one to the engine; any other value of an extension type could be one that it refuses. */
const PLAIN_TIME = /^[12][0-9]{3}-/;

function writeShape(value: CedarValue): string {
  if (typeof value !== 'object') return `:${typeof value}`;
  if ('__entity' in value) return JSON.stringify(value);
  if ('__extn' in value) {
    const { fn, arg } = value.__extn as { readonly fn: string; readonly arg: string };
    return fn === 'datetime' && PLAIN_TIME.test(arg) ? `:${fn}` : JSON.stringify(value);
  }
  let text = Array.isArray(value) ? '[' : '{';
  for (const [name, member] of Object.entries(value)) text += JSON.stringify(name) + writeShape(member);
  return `${text}}`;
}

function isVariable(name: unknown): name is Variable {
  return name === 'principal' || name === 'action' || name === 'resource' || name === 'context';
}

/** `variable in Type::"id"`, `variable in [Type::"id", …]`, `variable == Type::"id"`. */
function isTest(value: unknown): value is { readonly left: { readonly Var: Variable }; readonly right: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const { left, right } = value as { left?: unknown; right?: unknown };
  if (typeof left !== 'object' || left === null || Object.keys(left).length !== 1) return false;
  const name = (left as { Var?: unknown }).Var;
  return (name === 'principal' || name === 'resource') && namedEntities(right) !== undefined;
}

/** `variable is Type`, and nothing about what it is in. */
function isTypeTest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { left, ...others } = value as { left?: { Var?: unknown } };
  return Object.keys(others).join() === 'entity_type' && (left?.Var === 'principal' || left?.Var === 'resource');
}

/** The entities that an expression names, when it does nothing else. */
function namedEntities(expression: unknown): string[] | undefined {
  if (typeof expression !== 'object' || expression === null) return undefined;
  const { Value: value, Set: members } = expression as { Value?: unknown; Set?: unknown };
  if (Array.isArray(members)) {
    const named = members.map(namedEntities);
    return named.every((names) => names !== undefined) ? named.flat() : undefined;
  }
  const { __entity: uid } = (typeof value === 'object' && value !== null ? value : {}) as { __entity?: unknown };
  if (typeof uid !== 'object' || uid === null) return undefined;
  const { type, id } = uid as { type?: unknown; id?: unknown };
  return typeof type === 'string' && typeof id === 'string' ? [`${type}::${id}`] : undefined;
}

/** `variable.attr` and `variable has attr`, and no longer path. */
function isMember(value: unknown): value is { readonly left: { readonly Var: Variable }; readonly attr: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { left, attr } = value as { left?: unknown; attr?: unknown };
  if (typeof attr !== 'string' || typeof left !== 'object' || left === null) return false;
  return Object.keys(left).length === 1 && isVariable((left as { Var?: unknown }).Var);
}
