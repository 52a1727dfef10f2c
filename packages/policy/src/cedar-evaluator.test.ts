import { describe, expect, it } from 'vitest';
import { createFacts, createIntent, createPolicySet, createRequest } from '../test/requests.ts';
import type { PreparedPolicySet } from './cedar/prepared-set.ts';
import { compilePolicySet, createCedarEvaluator, createDecisionPoint, digestPolicySet } from './index.ts';
import { evaluatePolicies } from './policy-verdict.ts';

const PERMIT_ALL = 'permit(principal, action, resource);';
const evaluator = createCedarEvaluator();

describe('createCedarEvaluator', () => {
  it('refuses a policy set that is not the one its digest names', async () => {
    const policySet = createPolicySet({ PERMIT_ALL });
    const policyDigest = digestPolicySet(createPolicySet({}));
    await expect(evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).rejects.toThrowError(
      expect.objectContaining({ code: 'POLICY_DIGEST_MISMATCH' }),
    );
  });

  it('notices a policy set that was changed after it was first used', async () => {
    const policySet = createPolicySet({ PERMIT_ALL });
    const policyDigest = digestPolicySet(policySet);
    expect((await evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).verdict).toBe('allow');
    policySet.policies.never = 'forbid(principal, action, resource);';
    await expect(evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).rejects.toThrowError(
      expect.objectContaining({ code: 'POLICY_DIGEST_MISMATCH' }),
    );
  });

  it('denies a request that does not fit the schema of the set', async () => {
    const cedar_schema =
      'entity Human; entity Path; action "file.delete" appliesTo { principal: [Human], resource: [Path], context: {} };';
    const policySet = { ...createPolicySet({ PERMIT_ALL }), cedar_schema };
    const decision = await createDecisionPoint({ policySet }).decide(createRequest());
    expect(decision.pdp.rationale).toBe('the policy engine did not answer the request');
    expect(decision.verdict).toBe('deny');
  });

  it('denies a kind of target that the schema does not grant to the action', async () => {
    const set = createPolicySet({ PERMIT_ALL });
    const cedar_schema = set.cedar_schema.replace('resource: [Path, Url, Tool, Name]', 'resource: [Url]');
    const point = createDecisionPoint({ policySet: { ...set, cedar_schema } });
    expect((await point.decide(createRequest({ target: 'https://example.com/' }))).verdict).toBe('allow');
    expect((await point.decide(createRequest({ target: '/srv/data/report.csv' }))).verdict).toBe('deny');
  });

  it('still decides right when more sets were used than it keeps', async () => {
    const sets = Array.from({ length: 20 }, (_, n) =>
      createPolicySet({
        PERMIT_ALL,
        other: `${n % 2 === 0 ? 'permit' : 'forbid'}(principal, action, resource) when { ${n} >= 0 };`,
      }),
    );
    for (const round of [0, 1]) {
      for (const [n, policySet] of sets.entries()) {
        const request = {
          ...createRequest({ intent_id: `i${round}` }),
          policySet,
          policyDigest: digestPolicySet(policySet),
        };
        expect((await evaluator.evaluate(request)).verdict).toBe(n % 2 === 0 ? 'allow' : 'deny');
      }
    }
  });

  it('refuses a set with a half right demand for approval, and denies under it', async () => {
    const policySet = createPolicySet({ PERMIT_ALL, typo: '@approval("humans") forbid(principal, action, resource);' });
    expect(() => createDecisionPoint({ policySet })).toThrowError(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED', pointer: '/policies/typo' }),
    );
    const request = { ...createRequest(), policySet, policyDigest: digestPolicySet(policySet) };
    expect((await evaluator.evaluate(request)).pdp.rationale).toBe('the policy set is refused: not sound: `typo`');
  });

  it('refuses a schema that does not parse', async () => {
    const policySet = { ...createPolicySet({ PERMIT_ALL }), cedar_schema: 'entity' };
    const request = { ...createRequest(), policySet, policyDigest: digestPolicySet(policySet) };
    expect((await evaluator.evaluate(request)).verdict).toBe('deny');
  });
});

describe('an action that the schema puts in a group', () => {
  const schema = createPolicySet({}).cedar_schema.replace(
    /action (.*) appliesTo/,
    'action "everything";\naction "destructive" in ["everything"];\naction $1 in ["destructive"] appliesTo',
  );
  it.each([
    'action in Action::"destructive"',
    'action in Action::"everything"',
    'action in [Action::"destructive"]',
    'action in [Action::"file.read", Action::"everything"]',
  ])('is denied by a forbid on %s', async (action) => {
    const policies = { PERMIT_ALL, no: `forbid(principal, ${action}, resource);` };
    const policySet = { ...createPolicySet(policies), cedar_schema: schema };
    const decision = await createDecisionPoint({ policySet }).decide(createRequest());
    expect(decision.pdp).toMatchObject({ verdict: 'deny', determining_policies: ['no'] });
  });
});

describe('a policy set that is frozen at its surface only', () => {
  it('is not taken for the set it was', async () => {
    const policySet = {
      ...createPolicySet({}),
      policies: { no: 'forbid(principal, action, resource);' } as Record<string, string>,
    };
    Object.freeze(policySet);
    const policyDigest = digestPolicySet(policySet);
    expect((await evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).verdict).toBe('deny');
    policySet.policies.no = PERMIT_ALL;
    await expect(evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).rejects.toMatchObject({
      code: 'POLICY_DIGEST_MISMATCH',
    });
  });

  it('is not taken for the set it was when only its list is frozen', async () => {
    const policies: Readonly<Record<string, string>> = Object.freeze({ no: 'forbid(principal, action, resource);' });
    const policySet = { ...createPolicySet({}), policies };
    const policyDigest = digestPolicySet(policySet);
    expect((await evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).verdict).toBe('deny');
    policySet.policies = Object.freeze({ no: PERMIT_ALL });
    await expect(evaluator.evaluate({ ...createRequest(), policySet, policyDigest })).rejects.toMatchObject({
      code: 'POLICY_DIGEST_MISMATCH',
    });
  });
});

describe('evaluatePolicies', () => {
  it.each(['askPlain', 'askLiftable'] as const)('denies when the engine traps in %s', (half) => {
    const answer = compilePolicySet(createPolicySet({ PERMIT_ALL }));
    if (answer.outcome === 'refused') throw new TypeError('the set of the test is refused');
    const allowed = { outcome: 'answered', allowed: true, reasons: ['PERMIT_ALL'], errored: [] } as const;
    const trapping: PreparedPolicySet = {
      compiled: answer.compiled,
      askPlain: () => allowed,
      askLiftable: () => ({ ...allowed, allowed: false, reasons: [] }),
      release: () => undefined,
      [half]: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
    };
    expect(evaluatePolicies(trapping, createIntent(), createFacts())).toMatchObject({
      verdict: 'deny',
      rationale: 'the policy engine did not answer the request',
    });
  });

  it.each([[['nobody']], [['ASK', 'nobody']]])('denies when approval is demanded by %j', (reasons) => {
    const set = { PERMIT_ALL, ASK: '@approval("human")\nforbid(principal, action, resource);' };
    const answer = compilePolicySet(createPolicySet(set));
    if (answer.outcome === 'refused') throw new TypeError('the set of the test is refused');
    const inventing: PreparedPolicySet = {
      compiled: answer.compiled,
      askPlain: () => ({ outcome: 'answered', allowed: true, reasons: ['PERMIT_ALL'], errored: [] }),
      askLiftable: () => ({ outcome: 'answered', allowed: false, reasons, errored: [] }),
      release: () => undefined,
    };
    expect(evaluatePolicies(inventing, createIntent(), createFacts())).toMatchObject({ verdict: 'deny' });
  });
});
