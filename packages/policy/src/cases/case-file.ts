import {
  type ActionIntent,
  actionIntentSchema,
  type Facts,
  factsSchema,
  pointToProblem,
  quoteForMessage,
  type Verdict,
  verdictSchema,
} from '@exoarmur/contracts';
import { PolicyError } from '../errors.ts';
import { parseYaml, type YamlObject, type YamlValue } from './yaml.ts';

/** What a case says should come out. */
export interface CaseExpectation {
  readonly verdict: Verdict;
  /** The determining policies, exactly; undefined when the case does not say. */
  readonly policies: readonly string[] | undefined;
  /** The rules of the safety gate, exactly; undefined when the case does not say. */
  readonly rules: readonly string[] | undefined;
}

/** One question with its answer. `expect` is null for a case that the policies must deny by themselves. */
export interface PolicyCase {
  readonly name: string;
  readonly intent: ActionIntent;
  readonly facts: Facts;
  readonly expect: CaseExpectation | null;
}

/** Limits of a case file. */
export const POLICY_CASE_LIMITS = { maxCharacters: 4_194_304, maxCases: 10_000 } as const;

/** What a case need not say of an intent: who, what and where it always has to. */
const INTENT: YamlObject = {
  schema: 'exoarmur.intent/1',
  intent_id: 'case',
  correlation_id: 'case',
  trace_id: null,
  tenant_id: 'case',
  cell_id: 'case',
  parameters: {},
  safety_context: {},
  reason: '',
  idempotency_key: null,
  timestamp: '2024-01-01T12:00:00.000Z',
};

/** Facts against which the safety gate has nothing of its own. */
const FACTS: YamlObject = {
  schema: 'exoarmur.facts/1',
  time: '2024-01-01T12:00:00.000Z',
  policy_verified: true,
  switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
  trust_milli: 1000,
  environment: { degraded: false, cell_load_milli: 0, network_health_milli: 1000, resource_availability_milli: 1000 },
  approvals: [],
};

/**
 * Reads a case file `exoarmur.policy-cases/1` (YAML 1.2 or JSON; `spec/policy.md`, Cases). A case is laid over the defaults
 * of the file and those over the defaults above; `switches` and `environment` are laid over member by member.
 * @throws PolicyError POLICY_CASES_MALFORMED
 */
export function parsePolicyCases(text: string): readonly PolicyCase[] {
  if (text.length > POLICY_CASE_LIMITS.maxCharacters) throw malformed('', 'the case file is too large');
  const file = members(parseYaml(text), '', ['schema', 'defaults', 'must_deny', 'cases']);
  if (file.schema !== 'exoarmur.policy-cases/1') throw malformed('/schema', 'it is not exoarmur.policy-cases/1');
  const defaults = members(file.defaults ?? {}, '/defaults', ['intent', 'facts']);
  const intent = lay(INTENT, defaults.intent, '/defaults/intent');
  const facts = lay(FACTS, defaults.facts, '/defaults/facts');
  const names = new Set<string>();
  const read = (value: YamlValue, at: string, isMustDeny: boolean): PolicyCase => {
    const one = members(value, at, isMustDeny ? ['name', 'intent', 'facts'] : ['name', 'intent', 'facts', 'expect']);
    const name = readName(one.name, `${at}/name`);
    if (names.has(name)) throw malformed(`${at}/name`, `two cases are called ${quoteForMessage(name)}`);
    names.add(name);
    const checkedIntent = actionIntentSchema.safeParse(lay(intent, one.intent, `${at}/intent`));
    if (!checkedIntent.success) {
      throw malformed(
        `${at}/intent${pointToProblem(checkedIntent.error)}`,
        `the intent of ${quoteForMessage(name)} is none`,
      );
    }
    const checkedFacts = factsSchema.safeParse(lay(facts, one.facts, `${at}/facts`));
    if (!checkedFacts.success) {
      throw malformed(
        `${at}/facts${pointToProblem(checkedFacts.error)}`,
        `the facts of ${quoteForMessage(name)} are none`,
      );
    }
    const expect = isMustDeny ? null : readExpectation(one.expect, `${at}/expect`);
    return { name, intent: checkedIntent.data, facts: checkedFacts.data, expect };
  };
  const mustDeny = list(file.must_deny ?? [], '/must_deny').map((value, n) => read(value, `/must_deny/${n}`, true));
  const cases = list(file.cases ?? [], '/cases').map((value, n) => read(value, `/cases/${n}`, false));
  return [...mustDeny, ...cases];
}

function readExpectation(value: YamlValue | undefined, at: string): CaseExpectation {
  const { verdict, policies, rules } = members(value, at, ['verdict', 'policies', 'rules']);
  const checked = verdictSchema.safeParse(verdict);
  if (!checked.success) throw malformed(`${at}/verdict`, 'a case expects a verdict');
  const texts = (member: YamlValue | undefined, name: string): readonly string[] | undefined =>
    member === undefined
      ? undefined
      : list(member, `${at}/${name}`).map((text, n) => readName(text, `${at}/${name}/${n}`));
  return { verdict: checked.data, policies: texts(policies, 'policies'), rules: texts(rules, 'rules') };
}

function lay(base: YamlObject, over: YamlValue | undefined, at: string): YamlObject {
  const laid: Record<string, YamlValue> = { ...base };
  for (const [name, value] of Object.entries(over === undefined ? {} : members(over, at))) {
    const below = base[name];
    const isLaid = (name === 'switches' || name === 'environment') && isObject(below) && isObject(value);
    laid[name] = isLaid ? { ...below, ...value } : value;
  }
  return laid;
}

function isObject(value: YamlValue | undefined): value is YamlObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function members(value: YamlValue | undefined, at: string, known?: readonly string[]): YamlObject {
  if (!isObject(value)) throw malformed(at, 'a mapping is expected');
  const stray = known === undefined ? undefined : Object.keys(value).find((name) => !known.includes(name));
  if (stray !== undefined) throw malformed(at, `the member ${quoteForMessage(stray)} is not known here`);
  return value;
}

function list(value: YamlValue, at: string): readonly YamlValue[] {
  if (!Array.isArray(value)) throw malformed(at, 'a list is expected');
  if (value.length > POLICY_CASE_LIMITS.maxCases) throw malformed(at, 'the list is too long');
  return value;
}

function readName(value: YamlValue | undefined, at: string): string {
  if (typeof value !== 'string' || !/^[^\p{C}]{1,128}$/u.test(value)) {
    throw malformed(at, 'one line of 1 to 128 characters is expected');
  }
  return value;
}

function malformed(pointer: string, message: string): PolicyError {
  return new PolicyError('POLICY_CASES_MALFORMED', message, { pointer });
}
