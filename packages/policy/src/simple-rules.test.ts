import type { PolicyRule } from '@exoarmur/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequest } from '../test/requests.ts';
import { decideByFirstMatch } from '../test/simple-rules.model.ts';
import { createDecisionPoint } from './index.ts';
import { compileSimpleRules } from './simple-rules.ts';

const RULE: PolicyRule = {
  rule_id: 'api',
  description: 'the api',
  allowed_domains: ['api.example.com'],
  allowed_methods: ['GET'],
  require_approval: false,
  tenant_id: null,
};

async function ask(rules: readonly unknown[], target: string, parameters = {}, tenant_id = 'demo'): Promise<string> {
  const policySet = compileSimpleRules(rules, ['http.request']);
  const request = createRequest({ action_type: 'http.request', target, parameters, tenant_id });
  const { pdp } = await createDecisionPoint({ policySet }).decide(request);
  return pdp.verdict === 'defer' ? 'deny' : pdp.verdict;
}

describe('compileSimpleRules', () => {
  const url = 'https://api.example.com/x';
  const GET = { method: 'GET' };

  it.each([
    ['denies without rules', [], url, GET, 'deny'],
    ['allows a match', [RULE], url, GET, 'allow'],
    ['denies another domain', [RULE], 'https://evil.example.com/x', GET, 'deny'],
    ['denies a subdomain', [RULE], 'https://x.api.example.com/x', GET, 'deny'],
    ['denies another method', [RULE], url, { method: 'POST' }, 'deny'],
    ['denies without a method where one is asked for', [RULE], url, {}, 'deny'],
    ['takes unset domains for any', [{ ...RULE, allowed_domains: null }], 'https://other.example/', GET, 'allow'],
    ['takes unset methods for any', [{ ...RULE, allowed_methods: [] }], url, {}, 'allow'],
    ['denies what is no URL', [{ ...RULE, allowed_domains: null }], '/etc/passwd', GET, 'deny'],
    ['asks for approval', [{ ...RULE, require_approval: true }], url, GET, 'require_approval'],
    [
      'lets the first of two rules win: approval',
      [{ ...RULE, require_approval: true }, RULE],
      url,
      GET,
      'require_approval',
    ],
    ['lets the first of two rules win: allow', [RULE, { ...RULE, require_approval: true }], url, GET, 'allow'],
    ['tells an explicit port from the default one', [RULE], 'https://api.example.com:8443/x', GET, 'deny'],
    ['tells the default of another scheme', [RULE], 'https://api.example.com:80/x', GET, 'deny'],
    [
      'matches an explicit port',
      [{ ...RULE, allowed_domains: ['api.example.com:8443'] }],
      'https://api.example.com:8443/x',
      GET,
      'allow',
    ],
    [
      'does not match a default port by number',
      [{ ...RULE, allowed_domains: ['api.example.com:443'] }],
      url,
      GET,
      'deny',
    ],
    ['denies another tenant', [{ ...RULE, tenant_id: 'other' }], url, GET, 'deny'],
    ['denies a method in lower case', [RULE], url, { method: 'get' }, 'deny'],
    [
      'lets no odd spelling slip by a rule that asks for approval',
      [
        { ...RULE, require_approval: true },
        { ...RULE, allowed_methods: null },
      ],
      url,
      { method: 'get' },
      'deny',
    ],
  ] as const)('%s', async (_, rules, target, parameters, expected) => {
    expect(await ask(rules, target, parameters)).toBe(expected);
  });

  it('agrees with a plain reading of first match wins', async () => {
    const rule = fc.record({
      rule_id: fc.constantFrom('a', 'b'),
      description: fc.constant(''),
      allowed_domains: fc.constantFrom<(string[] | null)[]>(
        null,
        [],
        ['api.example.com'],
        ['b.example', 'api.example.com:8080'],
      ),
      allowed_methods: fc.constantFrom<(string[] | null)[]>(null, [], ['GET'], ['POST', 'DELETE']),
      require_approval: fc.boolean(),
      tenant_id: fc.constantFrom(null, '', 'demo', 'other'),
    });
    const targets = fc.constantFrom(
      'https://api.example.com/',
      'http://api.example.com:8080/x',
      'https://b.example/',
      'https://c.example/',
    );
    const methods = fc.constantFrom({}, { method: 'GET' }, { method: 'POST' }, { method: 'PUT' });
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { maxLength: 5 }), targets, methods, async (rules, target, parameters) => {
        const { intent } = createRequest({ action_type: 'http.request', target, parameters });
        expect(await ask(rules, target, parameters)).toBe(decideByFirstMatch(rules, intent));
      }),
      { numRuns: 80, seed: 11 },
    );
  });

  it.each([
    ['/0/require_approval', { ...RULE, require_approval: 'yes' }],
    ['/0', { rule_id: 'x' }],
    ['/0/rule_id', { ...RULE, rule_id: 'a") permit(principal, action, resource); //' }],
    ['/0/allowed_domains', { ...RULE, allowed_domains: ['API.example.com'] }],
    ['/0/allowed_domains', { ...RULE, allowed_domains: ['user@api.example.com'] }],
    ['/0/allowed_domains', { ...RULE, allowed_domains: ['a" || true || "'] }],
    ['/0/allowed_methods', { ...RULE, allowed_methods: ['get'] }],
    ['/0/tenant_id', { ...RULE, tenant_id: '"' }],
  ])('refuses what is wrong at %s', (pointer, rule) => {
    const refused = expect.objectContaining({
      code: 'POLICY_RULE_MALFORMED',
      pointer: expect.stringContaining(pointer),
    });
    expect(() => compileSimpleRules([rule], ['http.request'])).toThrowError(refused);
  });
});
