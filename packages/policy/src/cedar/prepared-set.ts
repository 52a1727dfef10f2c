import type { CedarRequest } from '../request/cedar-request.ts';
import type { CompiledPolicySet } from './compile.ts';
import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from './wasm.ts';

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
  /** The forbids that approvals may lift; their reasons are the ones that hold. */
  askLiftable(request: CedarRequest): EngineAnswer;
}

const NOTHING: EngineAnswer = { outcome: 'answered', allowed: false, reasons: [], errored: [] };

/** Hands a compiled set to the engine under the name `slot`; a set prepared earlier under the same name is replaced. */
export function preparePolicySet(compiled: CompiledPolicySet, slot: string): PreparedPolicySet | undefined {
  const texts = (wanted: boolean): Record<string, string> =>
    Object.fromEntries(
      compiled.policies
        .filter(({ requirement }) => (requirement !== null) === wanted)
        .map(({ id, text }) => [id, text] as const),
    );
  const liftable = texts(true);
  const isReady =
    preparseSchema(slot, compiled.cedarSchema).type === 'success' &&
    preparsePolicySet(`${slot}/plain`, { staticPolicies: texts(false) }).type === 'success' &&
    preparsePolicySet(`${slot}/liftable`, { staticPolicies: liftable }).type === 'success';
  if (!isReady) return undefined;
  const hasLiftable = Object.keys(liftable).length > 0;
  return {
    compiled,
    askPlain: (request) => ask(request, slot, `${slot}/plain`),
    askLiftable: (request) => (hasLiftable ? ask(request, slot, `${slot}/liftable`) : NOTHING),
  };
}

function ask(request: CedarRequest, schema: string, policies: string): EngineAnswer {
  const answer = statefulIsAuthorized({
    principal: request.principal,
    action: request.action,
    resource: request.resource,
    context: { ...request.context },
    preparsedSchemaName: schema,
    validateRequest: true,
    preparsedPolicySetId: policies,
    entities: request.entities.map(({ uid, attrs, parents, tags }) => ({
      uid,
      attrs: { ...attrs },
      parents: [...parents],
      ...(tags === undefined ? {} : { tags: toTags(tags) }),
    })),
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

function toTags(tags: { readonly [key: string]: string | number | readonly string[] }) {
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]),
  );
}
