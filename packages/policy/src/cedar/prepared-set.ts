import type { CedarRequest } from '../request/cedar-request.ts';
import { AnswerMemory } from './answer-memory.ts';
import type { CompiledPolicy, CompiledPolicySet } from './compile.ts';
import { PolicyIndex } from './policy-index.ts';
import { SliceShelf } from './slice-shelf.ts';
import { preparseSchema, statefulIsAuthorized } from './wasm.ts';

/** What the engine said of one half of the policies. */
export type EngineAnswer =
  | {
      readonly outcome: 'answered';
      readonly allowed: boolean;
      readonly reasons: readonly string[];
      readonly errored: readonly string[];
    }
  | { readonly outcome: 'failed' };

/** A compiled set inside the engine, ready for any number of requests. */
export interface PreparedPolicySet {
  readonly compiled: CompiledPolicySet;
  /** Permits and the forbids that nothing lifts. */
  askPlain(request: CedarRequest): EngineAnswer;
  /** The forbids that approvals may lift; their reasons are the ones that hold. Of a request that {@link askPlain} answered. */
  askLiftable(request: CedarRequest): EngineAnswer;
  /** Gives back what the engine holds of this set; it answers nothing any more. */
  release(): void;
}

/** A list of policies inside the engine, asked about a slice of it at a time. */
export interface PolicyShelf {
  ask(request: CedarRequest): EngineAnswer;
  release(): void;
}

const NOTHING: EngineAnswer = { outcome: 'answered', allowed: false, reasons: [], errored: [] };

/** Hands a compiled set to the engine under the name `slot`; undefined when the engine cannot read its schema. */
export function preparePolicySet(compiled: CompiledPolicySet, slot: string): PreparedPolicySet | undefined {
  if (preparseSchema(slot, compiled.cedarSchema).type === 'failure') return undefined;
  const half = (isLiftable: boolean): readonly CompiledPolicy[] =>
    compiled.policies.filter(({ requirement }) => (requirement !== null) === isLiftable);
  // SECURITY: a schema that lists the entities of a type refuses a request by its ids, which a remembered answer may not name.
  const isForgetful = /\benum\b/.test(compiled.cedarSchema);
  const plain = createPolicyShelf(half(false), { name: `${slot}/plain`, schema: slot, isForgetful });
  const liftable = createPolicyShelf(half(true), {
    name: `${slot}/liftable`,
    schema: slot,
    isForgetful,
    isSecond: true,
  });
  return {
    compiled,
    askPlain: (request) => plain.ask(request),
    askLiftable: (request) => liftable.ask(request),
    release: () => {
      plain.release();
      liftable.release();
    },
  };
}

/** Options of {@link createPolicyShelf}. */
export interface PolicyShelfOptions {
  /** Under which name the engine keeps the slices. */
  readonly name: string;
  /** Name of a schema the engine has; undefined to ask without one. */
  readonly schema: string | undefined;
  /** Whether to ask the engine about the whole list each time; for comparing the two. */
  readonly unsliced?: boolean;
  /** Whether to ask the engine each time, and remember no answer. */
  readonly isForgetful?: boolean;
  /** Whether somebody else asks the engine about every request, so that it need not hear of one that no policy here is about. */
  readonly isSecond?: boolean;
}

/** Puts policies on a shelf of the engine, indexed by scope. */
export function createPolicyShelf(
  policies: readonly Pick<CompiledPolicy, 'id' | 'text' | 'json'>[],
  options: PolicyShelfOptions,
): PolicyShelf {
  const index = new PolicyIndex(policies.map(({ json }) => json));
  const shelf = new SliceShelf(policies, options.name);
  const all = policies.map((_, position) => position);
  const isForgetful = options.unsliced === true || options.isForgetful === true;
  const memory = isForgetful ? undefined : new AnswerMemory(policies.map(({ json }) => json));
  const askEngine = (request: CedarRequest, indexes: readonly number[]): EngineAnswer => {
    const slice = shelf.fetch(indexes);
    return slice === undefined ? { outcome: 'failed' } : ask(request, slice, options.schema);
  };
  return {
    ask: (request) => {
      const indexes = options.unsliced === true ? all : index.slice(request);
      if (options.isSecond === true && indexes.length === 0) return NOTHING;
      return memory?.recall(indexes, request, () => askEngine(request, indexes)) ?? askEngine(request, indexes);
    },
    release: () => {
      memory?.clear();
      shelf.clear();
    },
  };
}

function ask(request: CedarRequest, policies: string, schema: string | undefined): EngineAnswer {
  const answer = statefulIsAuthorized({
    principal: request.principal,
    action: request.action,
    resource: request.resource,
    context: request.context as Parameters<typeof statefulIsAuthorized>[0]['context'],
    preparsedPolicySetId: policies,
    entities: request.entities as Parameters<typeof statefulIsAuthorized>[0]['entities'],
    ...(schema === undefined ? {} : { preparsedSchemaName: schema, validateRequest: true }),
  });
  if (answer.type === 'failure') return { outcome: 'failed' };
  const { decision, diagnostics } = answer.response;
  return {
    outcome: 'answered',
    allowed: decision === 'allow',
    reasons: diagnostics.reason,
    errored: diagnostics.errors.map(({ policyId }) => policyId),
  };
}
