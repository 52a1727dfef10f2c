import type { ActionIntent, Facts } from '@exoarmur/contracts';
import { type ArgumentRefusal, type FlatArguments, flattenArguments } from './arguments.ts';
import { parseTarget, type Target, type TargetRefusal } from './target.ts';

/** A Cedar entity reference. */
export interface EntityRef {
  readonly type: string;
  readonly id: string;
}

/** A value of a Cedar request in Cedar's JSON form. */
export type CedarValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly __entity: EntityRef }
  | { readonly __extn: { readonly fn: string; readonly arg: string } }
  | { readonly [key: string]: CedarValue };

/** An entity with all a policy may ask of it. */
export interface RequestEntity {
  readonly uid: EntityRef;
  readonly attrs: { readonly [key: string]: CedarValue };
  readonly parents: readonly EntityRef[];
  readonly tags?: { readonly [key: string]: string | number | readonly string[] };
}

/** The whole question to Cedar, made of one intent and the facts and of nothing else. */
export interface CedarRequest {
  readonly principal: EntityRef;
  readonly action: EntityRef;
  readonly resource: EntityRef;
  readonly context: { readonly [key: string]: CedarValue };
  readonly entities: readonly RequestEntity[];
}

/** The answer of {@link createCedarRequest}; a refused request denies. */
export type RequestAnswer =
  | { readonly outcome: 'valid'; readonly request: CedarRequest }
  | { readonly outcome: 'refused'; readonly subject: 'target'; readonly reason: TargetRefusal }
  | { readonly outcome: 'refused'; readonly subject: 'parameters'; readonly reason: ArgumentRefusal };

const PRINCIPAL_TYPES = { agent: 'Agent', human: 'Human', service: 'Service' } as const;
const ARGUMENTS: EntityRef = { type: 'Arguments', id: 'parameters' };
const QUANTITIES: EntityRef = { type: 'Quantities', id: 'parameters' };
const LISTS: EntityRef = { type: 'Lists', id: 'parameters' };

/**
 * Builds the Cedar request for an intent under recorded facts, as `spec/policy.md` lays it down. Facts that not every schema
 * has stand in the context only if they are `declared`, because a schema refuses what it does not know. Pure.
 */
export function createCedarRequest(
  intent: ActionIntent,
  facts: Facts,
  declared: ReadonlySet<string> = new Set(),
): RequestAnswer {
  const parsed = parseTarget(intent.target);
  if (parsed.outcome === 'refused') return { outcome: 'refused', subject: 'target', reason: parsed.reason };
  const flat = flattenArguments(intent.parameters);
  if (flat.outcome === 'refused') return { outcome: 'refused', subject: 'parameters', reason: flat.reason };
  const principal: EntityRef = { type: PRINCIPAL_TYPES[intent.actor_type], id: intent.actor_id };
  const resource = createResource(parsed.target);
  return {
    outcome: 'valid',
    request: {
      principal,
      action: { type: 'Action', id: intent.action_type },
      resource: resource.uid,
      context: createContext(intent, facts, declared),
      entities: [
        { uid: principal, attrs: { tenant: intent.tenant_id, cell: intent.cell_id }, parents: [] },
        resource,
        ...createArguments(flat.value),
      ],
    },
  };
}

function createResource(target: Target): RequestEntity {
  const uid = { type: target.kind, id: target.id };
  switch (target.kind) {
    case 'Path':
      return {
        uid,
        attrs: { path: target.path, name: target.name, depth: target.directories.length },
        parents: target.directories.map((id) => ({ type: 'Directory', id })),
      };
    case 'Url':
      return {
        uid,
        attrs: {
          scheme: target.scheme,
          host: target.host,
          path: target.path,
          ...(target.port === undefined ? {} : { port: target.port }),
          ...(target.query === undefined ? {} : { query: target.query }),
          ...(target.ip === undefined ? {} : { ip: { __extn: { fn: 'ip', arg: target.ip } } }),
        },
        parents: target.domains.map((id) => ({ type: 'Host', id })),
      };
    case 'Tool':
      return {
        uid,
        attrs: { server: target.server, name: target.name },
        parents: [{ type: 'Server', id: target.server }],
      };
    case 'Name':
      return { uid, attrs: { name: target.name }, parents: [] };
  }
}

function createContext(
  intent: ActionIntent,
  facts: Facts,
  declared: ReadonlySet<string>,
): { readonly [key: string]: CedarValue } {
  return {
    action_class: intent.action_class,
    correlation: intent.correlation_id,
    reason: intent.reason,
    time: { __extn: { fn: 'datetime', arg: facts.time } },
    policy_verified: facts.policy_verified,
    environment: withoutNull(facts.environment),
    ...withoutNull({ trust_milli: facts.trust_milli }),
    arguments: { __entity: ARGUMENTS },
    quantities: { __entity: QUANTITIES },
    lists: { __entity: LISTS },
    ...(declared.has('history') && facts.history ? { history: facts.history } : {}),
    ...(declared.has('threat') && facts.threat ? { threat: createThreat(facts.threat) } : {}),
  };
}

function createThreat({ class: threatClass, ...figures }: NonNullable<Facts['threat']>): CedarValue {
  return { class: threatClass, ...withoutNull(figures) };
}

function createArguments(flat: FlatArguments): readonly RequestEntity[] {
  return [
    { uid: ARGUMENTS, attrs: {}, parents: [], tags: flat.texts },
    { uid: QUANTITIES, attrs: {}, parents: [], tags: flat.numbers },
    { uid: LISTS, attrs: {}, parents: [], tags: flat.lists },
  ];
}

/** A fact that could not be had is absent in Cedar; a policy has to ask `has` first, and the schema makes it do so. */
function withoutNull(facts: Readonly<Record<string, boolean | number | null>>): Record<string, boolean | number> {
  const present: Record<string, boolean | number> = {};
  for (const [name, value] of Object.entries(facts)) if (value !== null) present[name] = value;
  return present;
}
