import { canonicalize } from '@exoarmur/canonical';
import { formatPointer, type PolicySet } from '@exoarmur/contracts';
import { compilePolicySet } from './cedar/compile.ts';
import { formatPolicies } from './cedar/wasm.ts';
import { PolicyError } from './errors.ts';
import { assertPolicySet } from './policy-set.ts';

/** What became of one policy between two sets. */
export interface PolicyDifference {
  readonly policy: string;
  /** `respelt`: another text that means the same. */
  readonly change: 'added' | 'removed' | 'changed' | 'respelt';
  readonly before: PolicyMeaning | null;
  readonly after: PolicyMeaning | null;
}

/** What a policy does, as far as it is said without its condition. */
export interface PolicyMeaning {
  readonly effect: 'permit' | 'forbid';
  /** Who lifts it; null for a permit, and for a forbid that nothing lifts. */
  readonly approval: 'human' | 'quorum' | null;
}

/** The answer of {@link diffPolicySets}, sorted by policy. */
export interface PolicySetDifference {
  readonly policies: readonly PolicyDifference[];
  /** Whether another set of actions or another schema holds. */
  readonly isSchemaChanged: boolean;
}

/**
 * Compares two sound sets policy by policy, by what they mean to the engine: layout and comments are no difference, and a
 * policy under another name is another one. @throws PolicyError POLICY_SET_REFUSED for a set that is not sound
 */
export function diffPolicySets(before: PolicySet, after: PolicySet): PolicySetDifference {
  const [old, young] = [readMeanings(before), readMeanings(after)];
  const policies = [...new Set([...old.keys(), ...young.keys()])].sort().flatMap((policy): PolicyDifference[] => {
    const [was, is] = [old.get(policy), young.get(policy)];
    if (was?.text === is?.text) return [];
    const ends = { before: was?.meaning ?? null, after: is?.meaning ?? null };
    if (was === undefined) return [{ policy, change: 'added', ...ends }];
    if (is === undefined) return [{ policy, change: 'removed', ...ends }];
    return [{ policy, change: was.form === is.form ? 'respelt' : 'changed', ...ends }];
  });
  return { policies, isSchemaChanged: before.cedar_schema !== after.cedar_schema };
}

/**
 * The set with every text in the engine's own layout. What each policy means stays as it is, or the set is refused; its
 * digest is another one when a text is. @throws PolicyError POLICY_SET_REFUSED
 */
export function formatPolicySet(policySet: PolicySet, layOut: (text: string) => string = layOutByEngine): PolicySet {
  const meanings = readMeanings(policySet);
  const policies = [...meanings].map(([id, { text }]) => [id, layOut(text)] as const);
  const formatted = assertPolicySet({ ...policySet, policies: Object.fromEntries(policies) });
  for (const [id, { form }] of readMeanings(formatted)) {
    if (form !== meanings.get(id)?.form) throw refused(id, 'its layout would change what it means');
  }
  return formatted;
}

function layOutByEngine(policyText: string): string {
  const answer = formatPolicies({ policyText, lineWidth: 100, indentWidth: 2 });
  if (answer.type === 'failure') throw refused(null, answer.errors[0]?.message ?? 'a policy has no layout');
  return answer.formatted_policy.replace(/\n+$/, '');
}

interface Read {
  readonly text: string;
  /** Canonical bytes of what the engine reads, annotations included. */
  readonly form: string;
  readonly meaning: PolicyMeaning;
}

function readMeanings(policySet: PolicySet): ReadonlyMap<string, Read> {
  const answer = compilePolicySet(policySet);
  if (answer.outcome === 'refused') {
    const [{ policy, message }] = answer.problems;
    throw refused(policy, message);
  }
  return new Map(
    answer.compiled.policies.map(({ id, text, json, effect, requirement }) => [
      id,
      { text, form: canonicalize(json), meaning: { effect, approval: requirement?.kind ?? null } },
    ]),
  );
}

function refused(policy: string | null, message: string): PolicyError {
  const pointer = policy === null ? '' : formatPointer(['policies', policy]);
  return new PolicyError('POLICY_SET_REFUSED', message.replace(/\s+/g, ' ').slice(0, 512), { pointer });
}
