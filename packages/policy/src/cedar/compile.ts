import type { ApprovalRequirement, PolicySet } from '@exoarmur/contracts';
import { listIds, sortUnique } from '../internal/listing.ts';
import { parseApprovalAnnotations } from './approval-annotation.ts';
import { checkParseSchema, type PolicyJson, policyToJson, schemaToJson, validate } from './wasm.ts';

/** One policy as far as we have to understand it; its condition is the engine's alone. */
export interface CompiledPolicy {
  readonly id: string;
  readonly text: string;
  readonly json: PolicyJson;
  readonly effect: 'permit' | 'forbid';
  /** The demand that lifts this forbid, null for a permit and for a forbid that nothing lifts. */
  readonly requirement: ApprovalRequirement | null;
}

/** A policy set that parses, fits its schema and has sound annotations. */
export interface CompiledPolicySet {
  readonly policies: readonly CompiledPolicy[];
  readonly cedarSchema: string;
  /** Action types the schema knows, each with the members of its context. */
  readonly actions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** One reason why a set is refused. `policy` is null when it is about the schema or the set as a whole. */
export interface PolicyProblem {
  readonly policy: string | null;
  readonly message: string;
}

/** The answer of {@link compilePolicySet}. */
export type CompileAnswer =
  | { readonly outcome: 'valid'; readonly compiled: CompiledPolicySet }
  | { readonly outcome: 'refused'; readonly problems: readonly [PolicyProblem, ...PolicyProblem[]] };

/**
 * Compiles a policy set: every text is exactly one static policy, the schema parses, the policies are valid under it
 * (Cedar's strict validation, so that a valid policy cannot err on a valid request but for arithmetic overflow), the
 * approval annotations are sound. One bad policy refuses the whole set: what is left of it would be another policy.
 */
export function compilePolicySet(policySet: PolicySet): CompileAnswer {
  const problems: PolicyProblem[] = [];
  const policies: CompiledPolicy[] = [];
  const schema = checkParseSchema(policySet.cedar_schema);
  if (schema.type === 'failure') problems.push({ policy: null, message: describe('the schema', schema.errors) });
  for (const id of Object.keys(policySet.policies).sort()) {
    const compiled = compilePolicy(id, policySet.policies[id] ?? '');
    if ('message' in compiled) problems.push(compiled);
    else policies.push(compiled);
  }
  if (problems.length === 0) problems.push(...validatePolicies(policySet));
  // The engine lists what it finds in no order of its own.
  const keyOf = ({ policy, message }: PolicyProblem) => `${policy ?? ''}\n${message}`;
  problems.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const [first, ...rest] = problems;
  if (first !== undefined) return { outcome: 'refused', problems: [first, ...rest] };
  return {
    outcome: 'valid',
    compiled: { policies, cedarSchema: policySet.cedar_schema, actions: readActions(policySet.cedar_schema) },
  };
}

function compilePolicy(id: string, text: string): CompiledPolicy | PolicyProblem {
  const answer = policyToJson(text);
  if (answer.type === 'failure') return { policy: id, message: describe('the policy', answer.errors) };
  const { json } = answer;
  const annotation = parseApprovalAnnotations(json.effect, json.annotations ?? {});
  if (annotation.outcome === 'malformed') return { policy: id, message: annotation.reason };
  const requirement = annotation.outcome === 'valid' ? annotation.requirement : null;
  return { id, text, json, effect: json.effect, requirement };
}

function validatePolicies(policySet: PolicySet): PolicyProblem[] {
  const answer = validate({
    validationSettings: { mode: 'strict' },
    schema: policySet.cedar_schema,
    policies: { staticPolicies: policySet.policies },
  });
  if (answer.type === 'failure') return [{ policy: null, message: describe('the set', answer.errors) }];
  return answer.validationErrors.map(({ policyId, error }) => ({ policy: policyId, message: error.message }));
}

function readActions(cedarSchema: string): ReadonlyMap<string, ReadonlySet<string>> {
  const answer = schemaToJson(cedarSchema);
  if (answer.type === 'failure') return new Map();
  const { actions = {}, commonTypes = {} } = answer.json[''] ?? {};
  return new Map(
    Object.entries(actions).map(([name, { appliesTo }]) => {
      const context: { readonly type?: string; readonly attributes?: object } = appliesTo?.context ?? {};
      const named = context.type !== undefined && Object.hasOwn(commonTypes, context.type);
      const record: typeof context = named ? (commonTypes[context.type as keyof typeof commonTypes] ?? {}) : context;
      return [name, new Set(Object.keys(record.attributes ?? {}))] as const;
    }),
  );
}

function describe(subject: string, errors: readonly { readonly message: string }[]): string {
  return `${subject} does not parse: ${errors.map(({ message }) => message).join('; ')}`;
}

/** The problems of a refused set in one line for a rationale: ids only, because engine texts are no stable bytes. */
export function summarizeProblems(problems: readonly PolicyProblem[]): string {
  const ids = sortUnique(problems.flatMap(({ policy }) => (policy === null ? [] : [policy])));
  return ids.length === 0 ? 'its schema or the set as a whole is not sound' : `not sound: ${listIds(ids)}`;
}
