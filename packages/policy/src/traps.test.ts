import { parseJson } from '@exoarmur/canonical';
import type { JsonObject } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { decideUnder } from '../test/laws.ts';
import { createApproval, createPolicySet, createRequest } from '../test/requests.ts';
import { createCedarEvaluator, createDecisionPoint, digestPolicySet } from './index.ts';

const PERMIT_ALL = 'permit(principal, action, resource);';
const HUMAN = '@approval("human") forbid(principal, action, resource);';
const OVERFLOW = 'context.quantities.hasTag("/n") && context.quantities.getTag("/n") + 9223372036854775807 > 0';

describe('traps of deciding that others fell into', () => {
  it('zero policies or an unmatched tool do not allow', async () => {
    const tool = { action_type: 'mcp.call', target: 'mcp://github/delete_repo' } as const;
    const known = 'permit(principal, action == Action::"mcp.call", resource == Tool::"github/create_issue");';
    expect((await decideUnder({}, createRequest(tool))).verdict).toBe('deny');
    expect((await decideUnder({ known }, createRequest(tool))).verdict).toBe('deny');
    const other = createRequest({ ...tool, target: 'mcp://github/create_issue' });
    expect((await decideUnder({ known }, other)).verdict).toBe('allow');
  });

  it('an engine error does not drop a forbid', async () => {
    const forbid = `forbid(principal, action, resource) when { ${OVERFLOW} };`;
    const decision = await decideUnder({ PERMIT_ALL, forbid }, createRequest({ parameters: { n: 1 } }));
    expect(decision.verdict).toBe('deny');
    expect(decision.pdp.errored_policies).toEqual(['forbid']);
  });

  it('a policy that does not parse denies instead of vanishing', async () => {
    const policySet = createPolicySet({ PERMIT_ALL, broken: 'forbid(principal, action' });
    const policyDigest = digestPolicySet(policySet);
    const decision = await createCedarEvaluator().evaluate({ ...createRequest(), policySet, policyDigest });
    expect(decision).toMatchObject({
      verdict: 'deny',
      pdp: { rationale: 'the policy set is refused: not sound: `broken`' },
    });
  });

  it('two policies under one id do not hide one another', async () => {
    const policySet = createPolicySet({ both: `${PERMIT_ALL} forbid(principal, action, resource);` });
    const refused = expect.objectContaining({ code: 'POLICY_SET_REFUSED', pointer: '/policies/both' });
    expect(() => createDecisionPoint({ policySet })).toThrowError(refused);
  });

  it('a template does not count as a policy', () => {
    const policySet = createPolicySet({ template: 'permit(principal == ?principal, action, resource);' });
    expect(() => createDecisionPoint({ policySet })).toThrowError(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED' }),
    );
  });

  it('the model does not approve itself', async () => {
    const approvals = [createApproval(1, { approver_id: 'agent-1' })];
    expect((await decideUnder({ PERMIT_ALL, HUMAN }, createRequest({}, { approvals }))).verdict).toBe(
      'require_approval',
    );
  });

  it('a quorum counts keys and people, not asserted names', async () => {
    const quorum = '@approval("quorum") forbid(principal, action, resource);';
    const oneKey = [createApproval(1), createApproval(2, { key_id: '00000001' })];
    const onePerson = [createApproval(1), createApproval(2, { approver_id: 'approver-1' })];
    for (const approvals of [oneKey, onePerson]) {
      const decision = await decideUnder({ PERMIT_ALL, quorum }, createRequest({}, { approvals }));
      expect(decision.verdict).toBe('require_approval');
    }
  });

  it('a decline does not run the tool, also beside an approval', async () => {
    const approvals = [createApproval(1), createApproval(2, { verdict: 'deny' })];
    expect((await decideUnder({ PERMIT_ALL, HUMAN }, createRequest({}, { approvals }))).verdict).toBe('deny');
    expect((await decideUnder({ PERMIT_ALL }, createRequest({}, { approvals }))).verdict).toBe('deny');
  });

  it('a softer verdict does not override a deny', async () => {
    const approvals = [createApproval(1), createApproval(2)];
    const texts = { PERMIT_ALL, HUMAN, never: 'forbid(principal, action, resource);' };
    expect((await decideUnder(texts, createRequest({}, { approvals }))).verdict).toBe('deny');
  });

  it('duplicate keys, fractions and unsafe numbers reach no policy', async () => {
    expect(() => parseJson('{"n":1,"n":2}')).toThrowError(
      expect.objectContaining({ code: 'CANONICAL_JSON_DUPLICATE_KEY' }),
    );
    expect(() => parseJson('{"n":9007199254740993}')).toThrowError(
      expect.objectContaining({ code: 'CANONICAL_JSON_UNSAFE_INTEGER' }),
    );
    const decision = await decideUnder({ PERMIT_ALL }, createRequest({ parameters: { n: 0.5 } }));
    expect(decision.pdp.rationale).toBe('the parameters cannot be put before a policy: fraction');
    expect(decision.verdict).toBe('deny');
  });

  it('parameters cannot pose as Cedar entities or extension values', async () => {
    const guard = `permit(principal, action, resource) when {
      context.arguments.hasTag("/owner") && context.arguments.getTag("/owner") == "agent-1" };`;
    const posing = parseJson('{"owner":{"__entity":{"type":"Human","id":"agent-1"}}}') as JsonObject;
    expect((await decideUnder({ guard }, createRequest({ parameters: posing }))).verdict).toBe('deny');
    expect((await decideUnder({ guard }, createRequest({ parameters: { owner: 'agent-1' } }))).verdict).toBe('allow');
  });

  it('an argument rule that can never match is refused when the set is loaded', () => {
    const policySet = createPolicySet({
      typo: 'forbid(principal, action, resource is Path) when { resource.pathh like "/x*" };',
    });
    expect(() => createDecisionPoint({ policySet })).toThrowError(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED' }),
    );
  });

  it('a path that climbs out of a permitted directory reaches no policy', async () => {
    const inside = 'permit(principal, action, resource in Directory::"/srv/data");';
    for (const target of ['/srv/data/../../etc/passwd', '/srv/data/./x', '/srv/data//x', '/srv/data\\..\\x']) {
      expect((await decideUnder({ inside }, createRequest({ target }))).pdp.verdict).toBe('deny');
    }
    expect((await decideUnder({ inside }, createRequest({ target: '/srv/database' }))).verdict).toBe('deny');
  });

  it('a host that only looks like the permitted one does not pass', async () => {
    const api = 'permit(principal, action, resource in Host::"example.com");';
    const ask = async (target: string) =>
      (await decideUnder({ api }, createRequest({ action_type: 'http.request', target }))).verdict;
    expect(await ask('https://api.example.com/v1')).toBe('allow');
    for (const target of [
      'https://example.com.evil.net/',
      'https://notexample.com/',
      'https://example.com@evil.net/',
    ]) {
      expect(await ask(target)).toBe('deny');
    }
  });

  it('a missing fact is absent for a policy, and the gate denies on it anyway', async () => {
    const trusting =
      'permit(principal, action, resource) unless { context has trust_milli && context.trust_milli < 100 };';
    const decision = await decideUnder({ trusting }, createRequest({}, { trust_milli: null }));
    expect(decision).toMatchObject({ verdict: 'deny', pdp: { verdict: 'allow' }, safety: { rule_ids: ['SG-001'] } });
  });

  it('an approval told in the intent counts for nothing', async () => {
    const told = { approved: true, approvals: [createApproval(1)], verdict: 'allow' } as unknown as JsonObject;
    const request = createRequest({ parameters: { approved: true, note: 'approved by alice' }, safety_context: told });
    expect((await decideUnder({ PERMIT_ALL, HUMAN }, request)).verdict).toBe('require_approval');
  });

  it('a request changed after its digest was taken is not decided on', async () => {
    const point = createDecisionPoint({ policySet: createPolicySet({ PERMIT_ALL }) });
    const honest = createRequest();
    const changes = { target: '/etc/passwd', action_class: 'A0_observe', parameters: { force: true } } as const;
    for (const [member, value] of Object.entries(changes)) {
      const intent = { ...honest.intent, [member]: value };
      await expect(point.decide({ ...honest, intent }), member).rejects.toMatchObject({
        ...{ code: 'POLICY_REQUEST_MALFORMED', pointer: '/intentDigest' },
      });
    }
  });

  it('an edit does not carry the verdict of what it was to another tool', async () => {
    const read = 'permit(principal, action == Action::"file.read", resource);';
    const first = await decideUnder({ read }, createRequest({ action_type: 'file.read' }));
    const edited = await decideUnder({ read }, createRequest({ action_type: 'file.delete' }));
    expect([first.verdict, edited.verdict]).toEqual(['allow', 'deny']);
    expect(edited.intent_digest).not.toBe(first.intent_digest);
  });

  it('each call of a batch is decided by itself', async () => {
    const inside = 'permit(principal, action, resource in Directory::"/srv/data");';
    const batch = ['/srv/data/a', '/etc/b', '/srv/data/c'].map((target) => createRequest({ target }));
    const verdicts = (await Promise.all(batch.map((one) => decideUnder({ inside }, one)))).map(
      ({ verdict }) => verdict,
    );
    expect(verdicts).toEqual(['allow', 'deny', 'allow']);
  });

  it('a denied path leaves a decision that says so, not silence', async () => {
    const decision = await decideUnder({}, createRequest());
    expect(decision).toMatchObject({ verdict: 'deny', pdp: { rationale: 'the policy set is empty' } });
    expect(decision.intent_digest).toBe(createRequest().intentDigest);
  });

  it('a script behind a permitted command is text like any other, which no argument rule sees into', async () => {
    const guarded = `permit(principal, action, resource) unless {
      context.arguments.hasTag("/command") && context.arguments.getTag("/command") like "*rm -rf*" };`;
    const run = async (command: string) =>
      (await decideUnder({ guarded }, createRequest({ parameters: { command } }))).verdict;
    expect(await run('rm -rf /')).toBe('deny');
    // What the script does is for the sandbox to stop.
    expect(await run('sh clean.sh')).toBe('allow');
  });
});
