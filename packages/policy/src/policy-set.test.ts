import { describe, expect, it } from 'vitest';
import { createPolicySet } from '../test/requests.ts';
import { assertPolicySet, digestPolicySet, formatIntentSchema, POLICY_SET_LIMITS, parsePolicySet } from './index.ts';

const malformed = expect.objectContaining({ code: 'POLICY_SET_MALFORMED' });

describe('parsePolicySet', () => {
  it('reads what was written, and its digest does not depend on the order of members', () => {
    const set = createPolicySet({
      a: 'permit(principal, action, resource);',
      b: 'forbid(principal, action, resource);',
    });
    const parsed = parsePolicySet(JSON.stringify(set));
    expect(parsed).toEqual(set);
    const { policies, ...rest } = set;
    expect(digestPolicySet({ policies: { b: policies.b ?? '', a: policies.a ?? '' }, ...rest })).toBe(
      digestPolicySet(parsed),
    );
  });

  it.each([
    ['no JSON', '{'],
    ['a duplicate member', '{"schema":"exoarmur.policy-set/1","schema":"exoarmur.policy-set/1"}'],
    ['another schema', '{"schema":"exoarmur.policy-set/2","language":"cedar","policies":{},"cedar_schema":""}'],
    ['another language', '{"schema":"exoarmur.policy-set/1","language":"rego","policies":{},"cedar_schema":""}'],
    [
      'an unknown member',
      '{"schema":"exoarmur.policy-set/1","language":"cedar","policies":{},"cedar_schema":"","x":1}',
    ],
    [
      'an id with a space',
      '{"schema":"exoarmur.policy-set/1","language":"cedar","policies":{"a b":""},"cedar_schema":""}',
    ],
  ])('refuses %s', (_, text) => {
    expect(() => parsePolicySet(text)).toThrowError(malformed);
  });

  it('refuses more policies than the limit', () => {
    const policies = Object.fromEntries(
      Array.from({ length: POLICY_SET_LIMITS.maxPolicies + 1 }, (_, n) => [`p${n}`, '']),
    );
    expect(() => assertPolicySet(createPolicySet(policies))).toThrowError(malformed);
  });
});

describe('formatIntentSchema', () => {
  it('gives one text for one set of actions', () => {
    expect(formatIntentSchema(['b', 'a', 'b'])).toBe(formatIntentSchema(['a', 'b']));
  });

  it.each([[[]], [['Delete']], [['a" appliesTo {}']]])('refuses %j', (actions) => {
    expect(() => formatIntentSchema(actions)).toThrowError(
      expect.objectContaining({ code: 'POLICY_ACTION_MALFORMED' }),
    );
  });
});
