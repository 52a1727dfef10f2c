import {
  type PolicyRule,
  type PolicySet,
  pointToProblem,
  policyRuleSchema,
  quoteForMessage,
} from '@exoarmur/contracts';
import { PolicyError } from './errors.ts';
import { assertPolicySet } from './policy-set.ts';
import { formatIntentSchema } from './request/intent-schema.ts';

/** Methods whose spelling is taken for granted, besides those that the rules name. */
const KNOWN_METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'];
const DEFAULT_PORTS = [
  { schemes: ['http', 'ws'], port: 80 },
  { schemes: ['https', 'wss'], port: 443 },
  { schemes: ['ftp'], port: 21 },
] as const;
const DOMAIN = /^(\[[0-9a-f:]{2,39}\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)(?::([1-9]\d{0,4}))?$/;
const METHOD = /^[A-Z][A-Z0-9-]{0,31}$/;
const PLAIN_TEXT = /^[^"\\\p{Cc}]{1,256}$/u;

/**
 * Compiles the simple rules of the Python ancestor (boundary policy: domains, methods, tenant, require_approval, first match
 * wins, no match denies) to a Cedar policy set for the given action types. A target that is no URL is denied, and so is a
 * method that is not spelled in upper case: the ancestor raised it to upper case, Cedar compares what is there.
 * @throws PolicyError POLICY_RULE_MALFORMED for a rule that is not of that shape or could never match
 */
export function compileSimpleRules(rules: readonly unknown[], actionTypes: readonly string[]): PolicySet {
  const parsed = rules.map(parseRule);
  const policies: Record<string, string> = {};
  parsed.forEach((rule, index) => {
    const id = `rule-${String(index + 1).padStart(4, '0')}`;
    const matches = formatMatch(rule);
    policies[id] = `@id("${rule.rule_id}")\npermit(principal, action, resource) when { ${matches} };`;
    if (!rule.require_approval) return;
    // The first match wins: a rule that allows outright and stands before this one takes the request away from it.
    const earlier = parsed.slice(0, index).filter(({ require_approval }) => !require_approval);
    const unless = earlier.length === 0 ? '' : ` unless { ${earlier.map(formatMatch).join(' || ')} }`;
    policies[`${id}-approval`] =
      `@id("${rule.rule_id}")\n@approval("human")\nforbid(principal, action, resource) when { ${matches} }${unless};`;
  });
  const methods = [...new Set([...KNOWN_METHODS, ...parsed.flatMap(({ allowed_methods }) => allowed_methods ?? [])])];
  policies['method-spelling'] =
    `forbid(principal, action, resource) when { context.arguments.hasTag("/method") && !${formatMethods(methods)} };`;
  return assertPolicySet({
    schema: 'exoarmur.policy-set/1',
    language: 'cedar',
    policies,
    cedar_schema: formatIntentSchema(actionTypes),
  });
}

function parseRule(value: unknown, index: number): PolicyRule {
  const parsed = policyRuleSchema.safeParse(value);
  if (!parsed.success) throw malformed(`/${index}${pointToProblem(parsed.error)}`, 'is not a simple rule');
  const rule = parsed.data;
  if (!PLAIN_TEXT.test(rule.rule_id)) throw malformed(`/${index}/rule_id`, 'cannot be the id of a rule', rule.rule_id);
  for (const domain of rule.allowed_domains ?? []) {
    if (!DOMAIN.test(domain)) throw malformed(`/${index}/allowed_domains`, 'matches no URL', domain);
  }
  for (const method of rule.allowed_methods ?? []) {
    if (!METHOD.test(method)) throw malformed(`/${index}/allowed_methods`, 'matches no method', method);
  }
  const tenant = rule.tenant_id ?? '';
  if (tenant !== '' && !PLAIN_TEXT.test(tenant)) throw malformed(`/${index}/tenant_id`, 'matches no tenant', tenant);
  return rule;
}

function malformed(pointer: string, problem: string, text?: string): PolicyError {
  const subject = text === undefined ? 'the value' : quoteForMessage(text);
  return new PolicyError('POLICY_RULE_MALFORMED', `${subject} ${problem}`, { pointer });
}

/** Null and empty lists do not constrain, as in the ancestor. */
function formatMatch({ allowed_domains, allowed_methods, tenant_id }: PolicyRule): string {
  const parts = ['resource is Url'];
  if (tenant_id !== null && tenant_id !== '') parts.push(`principal.tenant == "${tenant_id}"`);
  if (allowed_domains !== null && allowed_domains.length > 0) {
    parts.push(`(${allowed_domains.map(formatDomain).join(' || ')})`);
  }
  if (allowed_methods !== null && allowed_methods.length > 0) {
    parts.push(`context.arguments.hasTag("/method") && ${formatMethods(allowed_methods)}`);
  }
  return `(${parts.join(' && ')})`;
}

function formatMethods(methods: readonly string[]): string {
  const list = methods.map((method) => `"${method}"`).join(', ');
  return `[${list}].contains(context.arguments.getTag("/method"))`;
}

/** A domain is the whole authority of the URL: with a port it means that port, without one the default of the scheme. */
function formatDomain(domain: string): string {
  const [, host = '', port] = DOMAIN.exec(domain) ?? [];
  const isHost = `resource.host == "${host}"`;
  const schemesOf = (schemes: readonly string[]): string =>
    `[${schemes.map((scheme) => `"${scheme}"`).join(', ')}].contains(resource.scheme)`;
  if (port === undefined) {
    const defaults = DEFAULT_PORTS.map(
      ({ schemes, port: known }) => `(${schemesOf(schemes)} && resource.port == ${known})`,
    );
    return `(${isHost} && (if resource has port then (${defaults.join(' || ')}) else true))`;
  }
  const hidden = DEFAULT_PORTS.find(({ port: known }) => known === Number(port));
  const isWritten = hidden === undefined ? '' : ` && !${schemesOf(hidden.schemes)}`;
  return `(${isHost} && resource has port && resource.port == ${port}${isWritten})`;
}
