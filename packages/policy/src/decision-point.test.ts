import { canonicalize } from '@exoarmur/canonical';
import { decisionSchema } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createApproval, createPolicySet, createRequest } from '../test/requests.ts';
import { createDecisionPoint, digestPolicySet } from './index.ts';

const PERMIT_DATA = 'permit(principal, action == Action::"file.delete", resource in Directory::"/srv/data");';

describe('createDecisionPoint', () => {
  it('allows what a policy permits when the gate has nothing against it', async () => {
    const policySet = createPolicySet({ 'permit-data': PERMIT_DATA });
    const decision = await createDecisionPoint({ policySet }).decide(createRequest());
    expect(decision).toMatchObject({
      verdict: 'allow',
      resolution_rules_applied: ['both_allow'],
      pdp: { verdict: 'allow', determining_policies: ['permit-data'], rationale: 'permitted by `permit-data`' },
      safety: { verdict: 'allow', rule_ids: ['SG-501'] },
      policy_digest: digestPolicySet(policySet),
    });
    expect(decisionSchema.parse(decision)).toEqual(decision);
  });

  it('denies what no policy permits', async () => {
    const point = createDecisionPoint({ policySet: createPolicySet({ 'permit-data': PERMIT_DATA }) });
    const decision = await point.decide(createRequest({ target: '/etc/passwd' }));
    expect(decision).toMatchObject({
      verdict: 'deny',
      pdp: { verdict: 'defer', rationale: 'no policy permits this action' },
      resolution_rules_applied: ['default_restrictive_fallback'],
    });
  });

  it('denies everything under a set without policies', async () => {
    const decision = await createDecisionPoint({ policySet: createPolicySet({}) }).decide(createRequest());
    expect(decision.pdp).toMatchObject({ verdict: 'deny', rationale: 'the policy set is empty' });
    expect(decision.verdict).toBe('deny');
  });

  it('denies an action type that the schema does not know, also under a policy that permits all', async () => {
    const point = createDecisionPoint({ policySet: createPolicySet({ all: 'permit(principal, action, resource);' }) });
    const decision = await point.decide(createRequest({ action_type: 'file.shred' }));
    expect(decision.pdp.rationale).toBe('the policy schema does not know the action `file.shred`');
    expect(decision.verdict).toBe('deny');
  });

  it('lets a forbid win over any permit', async () => {
    const policySet = createPolicySet({
      'permit-data': PERMIT_DATA,
      'no-reports': 'forbid(principal, action, resource is Path) when { resource.name like "report*" };',
    });
    const decision = await createDecisionPoint({ policySet }).decide(createRequest());
    expect(decision.pdp).toMatchObject({ verdict: 'deny', determining_policies: ['no-reports'] });
  });

  it('denies when a policy errs, and names it, although another one permits', async () => {
    const overflow = '9223372036854775807 + context.quantities.getTag("/n") > 0';
    const policySet = createPolicySet({
      'permit-data': PERMIT_DATA,
      'forbid-large': `forbid(principal, action, resource) when { context.quantities.hasTag("/n") && ${overflow} };`,
    });
    const decision = await createDecisionPoint({ policySet }).decide(createRequest({ parameters: { n: 1 } }));
    expect(decision.pdp).toMatchObject({ verdict: 'deny', errored_policies: ['forbid-large'] });
    expect(decision.verdict).toBe('deny');
  });

  it('asks for approval under a liftable forbid, and allows once the approvals match', async () => {
    const policySet = createPolicySet({
      'permit-data': PERMIT_DATA,
      'two-of-ops': '@approval("quorum") @roles("ops") @ttl("600") forbid(principal, action, resource);',
    });
    const point = createDecisionPoint({ policySet });
    const waiting = await point.decide(createRequest());
    expect(waiting).toMatchObject({
      verdict: 'require_approval',
      pdp: {
        determining_policies: ['two-of-ops'],
        approval_requirement: { kind: 'quorum', quorum: 2, roles: ['ops'], ttl_seconds: 600 },
      },
    });
    const approvals = [createApproval(1, { roles: ['ops'] }), createApproval(2, { roles: ['ops'] })];
    const decided = await point.decide(createRequest({}, { approvals }));
    expect(decided.verdict).toBe('allow');
    expect(decided.pdp.determining_policies).toEqual(['permit-data', 'two-of-ops']);
  });

  it('never lifts a forbid without a demand, whatever was approved', async () => {
    const policySet = createPolicySet({ 'permit-data': PERMIT_DATA, never: 'forbid(principal, action, resource);' });
    const approvals = [1, 2, 3, 4].map((number) => createApproval(number));
    const decision = await createDecisionPoint({ policySet }).decide(createRequest({}, { approvals }));
    expect(decision.verdict).toBe('deny');
  });

  it('refuses to start under a set that does not fit its schema', () => {
    const policySet = createPolicySet({
      bad: 'permit(principal, action, resource) when { resource.colour == "red" };',
    });
    expect(() => createDecisionPoint({ policySet })).toThrowError(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED' }),
    );
  });

  it('gives the same bytes whatever the order of the policies', async () => {
    const texts = {
      a: PERMIT_DATA,
      b: 'permit(principal, action, resource is Path);',
      c: 'permit(principal, action, resource);',
    };
    const backwards = Object.fromEntries(Object.entries(texts).reverse());
    const [first, second] = await Promise.all(
      [texts, backwards].map((policies) =>
        createDecisionPoint({ policySet: createPolicySet(policies) }).decide(createRequest()),
      ),
    );
    expect(canonicalize(second)).toBe(canonicalize(first));
    expect(first?.pdp.determining_policies).toEqual(['a', 'b', 'c']);
  });

  it('refuses facts or a digest that could not be recorded as they are', async () => {
    const point = createDecisionPoint({ policySet: createPolicySet({ p: PERMIT_DATA }) });
    const malformed = expect.objectContaining({ code: 'POLICY_REQUEST_MALFORMED' });
    await expect(point.decide(createRequest({}, { trust_milli: Number.NaN }))).rejects.toThrowError(malformed);
    const { intent, facts } = createRequest();
    const intentDigest = createRequest({ target: '/other' }).intentDigest;
    await expect(point.decide({ intent, intentDigest, facts })).rejects.toThrowError(malformed);
  });
});
