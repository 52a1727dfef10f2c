import { describe, expect, it } from 'vitest';
import { createPolicySet } from '../../test/requests.ts';
import { parsePolicyCases, runPolicyCases } from '../index.ts';

const SET = createPolicySet({
  data: 'permit(principal, action, resource in Directory::"/srv/data");',
  etc: 'forbid(principal, action, resource in Directory::"/etc");',
  secret: '@approval("human") forbid(principal, action, resource in Directory::"/srv/data/secret");',
  unused: 'permit(principal, action, resource in Directory::"/srv/unused");',
});

function cases(text: string) {
  return parsePolicyCases(`schema: exoarmur.policy-cases/1
defaults:
  intent: {actor_id: ann, actor_type: human, action_type: file.delete, action_class: A1_soft_containment, target: /srv/data/a}
${text}`);
}

describe('runPolicyCases', () => {
  it('passes when verdict, policies and rules come out as expected', async () => {
    const report = await runPolicyCases(
      SET,
      cases(`
must_deny:
  - {name: passwords, intent: {target: /etc/shadow}}
cases:
  - {name: data, expect: {verdict: allow, policies: [data], rules: [SG-501]}}
  - {name: secrets, intent: {target: /srv/data/secret/k}, expect: {verdict: require_approval, policies: [secret]}}
  - {name: stopped, facts: {switches: {global: engaged}}, expect: {verdict: deny, rules: [SG-101]}}
`),
    );
    expect(report.results.map(({ differences }) => differences)).toEqual([[], [], [], []]);
    expect(report.passed).toBe(true);
    expect(report.coverage).toEqual({ held: ['data', 'etc', 'secret'], neverHeld: ['unused'] });
  });

  it.each([
    ['the verdict', '{verdict: deny}', 'verdict: expected deny, found allow'],
    ['the policies', '{verdict: allow, policies: []}', 'policies: expected none, found data'],
    ['the rules', '{verdict: allow, rules: [SG-001]}', 'rules: expected SG-001, found SG-501'],
  ])('fails when %s differ', async (_, expectation, difference) => {
    const report = await runPolicyCases(SET, cases(`cases: [{name: x, expect: ${expectation}}]`));
    expect(report.passed).toBe(false);
    expect(report.results[0]?.differences).toEqual([difference]);
  });

  it('fails what must be denied when only the gate denies it', async () => {
    const text = 'must_deny: [{name: x, facts: {switches: {global: engaged}}}]';
    const report = await runPolicyCases(SET, cases(text));
    expect(report.results[0]).toMatchObject({
      verdict: 'deny',
      passed: false,
      differences: ['the policies must deny, and say allow'],
    });
  });

  it('fails what must be denied when an approval would open it', async () => {
    const report = await runPolicyCases(SET, cases('must_deny: [{name: x, intent: {target: /srv/data/secret/k}}]'));
    expect(report.results[0]?.differences).toEqual(['the policies must deny, and say require_approval']);
  });

  it('counts a permit under a forbid as held', async () => {
    const set = createPolicySet({
      all: 'permit(principal, action, resource);',
      no: 'forbid(principal, action, resource);',
    });
    const report = await runPolicyCases(set, cases('cases: [{name: x, expect: {verdict: deny, policies: [no]}}]'));
    expect(report.coverage).toEqual({ held: ['all', 'no'], neverHeld: [] });
  });

  it('covers nothing with a target that never reaches the policies', async () => {
    const report = await runPolicyCases(
      SET,
      cases('cases: [{name: x, intent: {target: /srv/../x}, expect: {verdict: deny}}]'),
    );
    expect(report.coverage.held).toEqual([]);
  });

  it('refuses a set that is not sound', async () => {
    await expect(runPolicyCases(createPolicySet({ p: 'permit' }), [])).rejects.toThrowError(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED', pointer: '/policies/p' }),
    );
  });
});
