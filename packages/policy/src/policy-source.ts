import { CanonicalError, decodeUtf8, parseJson } from '@exoarmur/canonical';
import type { PolicySet } from '@exoarmur/contracts';
import { parseYaml, type YamlValue } from './cases/yaml.ts';
import { PolicyError } from './errors.ts';
import { POLICY_SET_LIMITS, parsePolicySet } from './policy-set.ts';
import { compileSimpleRules } from './simple-rules.ts';

/** Limits of a file of simple rules. */
export const SIMPLE_RULES_LIMITS = { maxBytes: 1_048_576, maxRules: 1024 } as const;

/** Space, tab, line feed and carriage return. */
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Reads the policies in a file: a policy set (`exoarmur.policy-set/1`, JSON), or simple rules (`exoarmur.simple-rules/1`,
 * YAML or JSON; `spec/policy.md`, Simple rules), which are compiled.
 * @throws PolicyError POLICY_SET_MALFORMED, POLICY_RULE_MALFORMED, POLICY_ACTION_MALFORMED
 */
export function parsePolicySource(bytes: Uint8Array): PolicySet {
  return isPolicySet(bytes) ? parsePolicySet(bytes) : parseSimpleRules(bytes);
}

/** A JSON object that does not call itself a file of rules; one that is no strict JSON is reported as a set. */
function isPolicySet(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => !SPACES.has(byte));
  if (first !== 0x7b) return false;
  try {
    const { schema } = parseJson(bytes, { maxBytes: POLICY_SET_LIMITS.maxBytes }) as { readonly schema?: unknown };
    return typeof schema !== 'string' || !schema.startsWith('exoarmur.simple-rules/');
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return true;
  }
}

function parseSimpleRules(bytes: Uint8Array): PolicySet {
  if (bytes.length > SIMPLE_RULES_LIMITS.maxBytes) throw malformed('', 'the file of rules is too large');
  const file = readFile(bytes);
  if (typeof file !== 'object' || file === null || Array.isArray(file)) throw malformed('', 'the file is no mapping');
  const { schema, action_types, rules, ...others } = file as { readonly [name: string]: YamlValue };
  if (schema !== 'exoarmur.simple-rules/1') throw malformed('/schema', 'it is not exoarmur.simple-rules/1');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw malformed(`/${unknown.slice(0, 64)}`, 'a file of rules has no such member');
  if (!Array.isArray(action_types) || !action_types.every((type) => typeof type === 'string')) {
    throw malformed('/action_types', 'it is no list of action types');
  }
  if (!Array.isArray(rules) || rules.length > SIMPLE_RULES_LIMITS.maxRules) {
    throw malformed('/rules', `it is no list of at most ${SIMPLE_RULES_LIMITS.maxRules} rules`);
  }
  return compileSimpleRules(rules, action_types);
}

function readFile(bytes: Uint8Array): YamlValue {
  try {
    return parseYaml(decodeUtf8(bytes));
  } catch (error) {
    if (!(error instanceof PolicyError || error instanceof CanonicalError)) throw error;
    throw new PolicyError('POLICY_RULE_MALFORMED', error.message, { pointer: error.pointer ?? '', cause: error });
  }
}

function malformed(pointer: string, message: string): PolicyError {
  return new PolicyError('POLICY_RULE_MALFORMED', message, { pointer });
}
