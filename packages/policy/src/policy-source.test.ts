import { canonicalizeToBytes, encodeUtf8 } from '@exoarmur/canonical';
import { describe, expect, it } from 'vitest';
import { createRequest } from '../test/requests.ts';
import { createDecisionPoint, formatIntentSchema, parsePolicySource, SIMPLE_RULES_LIMITS } from './index.ts';

const RULES = `# who may call what
schema: exoarmur.simple-rules/1
action_types: [http.request]
rules:
  - rule_id: billing-asks
    description: billing waits for a person
    allowed_domains: [billing.example.com]
    require_approval: true
  - rule_id: reading
    description: everything may be read
    allowed_methods: [GET]
`;

async function ask(text: string, target: string, method: string): Promise<string> {
  const point = createDecisionPoint({ policySet: parsePolicySource(encodeUtf8(text)) });
  const { pdp } = await point.decide(createRequest({ action_type: 'http.request', target, parameters: { method } }));
  return pdp.verdict;
}

describe('parsePolicySource', () => {
  it('reads a policy set', () => {
    const set = {
      schema: 'exoarmur.policy-set/1',
      language: 'cedar',
      policies: {},
      cedar_schema: formatIntentSchema(['a']),
    };
    expect(parsePolicySource(canonicalizeToBytes(set))).toEqual(set);
  });

  it('compiles simple rules: the first that matches says, and none denies', async () => {
    expect(await ask(RULES, 'https://billing.example.com/x', 'GET')).toBe('require_approval');
    expect(await ask(RULES, 'https://api.example.com/x', 'GET')).toBe('allow');
    expect(await ask(RULES, 'https://api.example.com/x', 'POST')).toBe('defer');
    const rule = { rule_id: 'reading', description: '', allowed_methods: ['GET'] };
    const json = JSON.stringify({ rules: [rule], action_types: ['http.request'], schema: 'exoarmur.simple-rules/1' });
    expect(await ask(json, 'https://billing.example.com/x', 'GET')).toBe('allow');
  });

  it.each([
    ['POLICY_SET_MALFORMED', '', 'half a set', '{"schema":'],
    ['POLICY_SET_MALFORMED', '/schema', 'an object that is neither', ' {"schema":"exoarmur.simple_rules/1"}'],
    ['POLICY_RULE_MALFORMED', '', 'text that is neither', 'hello'],
    ['POLICY_RULE_MALFORMED', '', 'nothing', ''],
    ['POLICY_RULE_MALFORMED', '/schema', 'a later version', RULES.replace('rules/1', 'rules/2')],
    ['POLICY_RULE_MALFORMED', '/require_aproval', 'an unknown member', `${RULES}require_aproval: true\n`],
    [
      'POLICY_RULE_MALFORMED',
      '/0',
      'a rule with an unknown member',
      RULES.replace('require_approval', 'require_aproval'),
    ],
    ['POLICY_RULE_MALFORMED', '/action_types', 'action types that are none', RULES.replace('[http.request]', '7')],
    ['POLICY_RULE_MALFORMED', '/rules', 'rules that are none', RULES.replace(/rules:\n.*/s, 'rules: all\n')],
    ['POLICY_RULE_MALFORMED', '', 'a list', '- schema: exoarmur.simple-rules/1'],
    ['POLICY_RULE_MALFORMED', '', 'an alias', `${RULES}x: &a [1]\ny: *a\n`],
    ['POLICY_ACTION_MALFORMED', '', 'no action type', RULES.replace('[http.request]', '[]')],
    ['POLICY_RULE_MALFORMED', '', 'a file that is too large', RULES + '#'.repeat(SIMPLE_RULES_LIMITS.maxBytes)],
  ])('refuses with %s (%s) %s', (code, pointer, _, text) => {
    const refused = expect.objectContaining(pointer === '' ? { code } : { code, pointer });
    expect(() => parsePolicySource(new TextEncoder().encode(text))).toThrow(refused);
  });

  it('refuses more rules than it compiles', () => {
    const rules = Array.from({ length: SIMPLE_RULES_LIMITS.maxRules + 1 }, () => ({}));
    const bytes = canonicalizeToBytes({ schema: 'exoarmur.simple-rules/1', action_types: ['a'], rules });
    expect(() => parsePolicySource(bytes)).toThrow(expect.objectContaining({ pointer: '/rules' }));
  });
});
