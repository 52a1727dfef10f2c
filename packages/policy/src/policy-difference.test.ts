import type { PolicySet } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { diffPolicySets, formatIntentSchema, formatPolicySet } from './index.ts';

const setOf = (policies: PolicySet['policies'], actions = ['file.read']): PolicySet => ({
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  cedar_schema: formatIntentSchema(actions),
  policies,
});
const PERMIT = 'permit(principal, action, resource in Directory::"/srv");';
const FORBID = 'forbid(principal, action, resource in Directory::"/srv/x");';

describe('diffPolicySets', () => {
  it('tells what was added, removed, changed, and only spelt otherwise', () => {
    const before = setOf({ a: PERMIT, b: FORBID, c: PERMIT, d: FORBID, same: PERMIT });
    const after = setOf({
      b: `@approval("human")\n${FORBID}`,
      c: `// a remark\n${PERMIT.replace('action,', '\n  action,\n')}`,
      d: FORBID.replace('/x', '/y'),
      e: PERMIT,
      same: PERMIT,
    });
    const permit = { effect: 'permit', approval: null };
    const forbid = { effect: 'forbid', approval: null };
    expect(diffPolicySets(before, after)).toEqual({
      isSchemaChanged: false,
      policies: [
        { policy: 'a', change: 'removed', before: permit, after: null },
        { policy: 'b', change: 'changed', before: forbid, after: { effect: 'forbid', approval: 'human' } },
        { policy: 'c', change: 'respelt', before: permit, after: permit },
        { policy: 'd', change: 'changed', before: forbid, after: forbid },
        { policy: 'e', change: 'added', before: null, after: permit },
      ],
    });
  });

  it('finds nothing between a set and itself, and sees another schema', () => {
    expect(diffPolicySets(setOf({ a: PERMIT }), setOf({ a: PERMIT }))).toEqual({
      policies: [],
      isSchemaChanged: false,
    });
    const other = setOf({ a: PERMIT }, ['file.read', 'file.write']);
    expect(diffPolicySets(setOf({ a: PERMIT }), other)).toEqual({ policies: [], isSchemaChanged: true });
  });

  it('compares sound sets only', () => {
    const refused = expect.objectContaining({ code: 'POLICY_SET_REFUSED', pointer: '/policies/a~1b' });
    expect(() => diffPolicySets(setOf({ 'a/b': 'permit(' }), setOf({}))).toThrow(refused);
  });
});

describe('formatPolicySet', () => {
  it('lays texts out and changes no meaning; a second time it changes nothing', () => {
    const set = setOf({
      a: '@advice("x")   permit(principal,action,resource)when{context.action_class=="A0_observe"} ;',
      b: FORBID,
    });
    const formatted = formatPolicySet(set);
    expect(formatted.policies.a).not.toBe(set.policies.a);
    expect(diffPolicySets(set, formatted).policies.map(({ change }) => change)).not.toContain('changed');
    expect(formatPolicySet(formatted)).toEqual(formatted);
  });

  it('keeps remarks', () => {
    expect(formatPolicySet(setOf({ a: `// why\n${PERMIT}` })).policies.a).toContain('// why');
  });

  it('refuses a layout that would change what a policy means', () => {
    const widen = () => 'permit(principal, action, resource);';
    const refused = expect.objectContaining({ code: 'POLICY_SET_REFUSED', pointer: '/policies/a' });
    expect(() => formatPolicySet(setOf({ a: PERMIT }), widen)).toThrow(refused);
  });

  it('refuses what is not sound', () => {
    expect(() => formatPolicySet(setOf({ a: 'permit(' }))).toThrow(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED' }),
    );
  });
});
