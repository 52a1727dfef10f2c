import { describe, expect, it } from 'vitest';
import { createFacts, createIntent, createPolicySet, createRequest } from '../../test/requests.ts';
import { createDecisionPoint, explainDecision, formatExplanation } from '../index.ts';

const SET = createPolicySet({
  all: 'permit(principal, action, resource);',
  asked: '@approval("quorum") @roles("on-call") forbid(principal, action, resource in Directory::"/srv/data");',
  etc: '@advice("ask the\n platform team") forbid(principal, action, resource in Directory::"/etc");',
  other: 'permit(principal, action == Action::"mcp.call", resource);',
});

describe('explainDecision', () => {
  it('takes the decision that a decision point takes', async () => {
    const { decision } = await explainDecision(SET, createIntent(), createFacts());
    expect(decision).toEqual(await createDecisionPoint({ policySet: SET }).decide(createRequest()));
  });

  it('tells of policies that hold without deciding, and what the deciding one advises', async () => {
    const explanation = await explainDecision(SET, createIntent({ target: '/etc/shadow' }), createFacts());
    expect(explanation.held).toEqual({ considered: 2, permits: ['all'], forbids: ['etc'], demands: [], errored: [] });
    expect(formatExplanation(explanation).split('\n')).toEqual([
      'verdict    deny',
      'policies   deny - forbidden by `etc`',
      '           2 of 4 could concern it',
      '           permit: `all`',
      '           forbid: `etc`',
      'advice     `etc`: ask the platform team',
      expect.stringMatching(/^gate {7}/),
      expect.stringMatching(/^resolution /),
    ]);
  });

  it('tells who has to agree', async () => {
    const text = formatExplanation(await explainDecision(SET, createIntent(), createFacts()));
    expect(text).toContain('ask for approval: `asked`');
    expect(text).toContain('approval   2 people with the roles on-call, within 3600 s');
  });

  it('tells of a request that never reached the policies', async () => {
    const explanation = await explainDecision(SET, createIntent({ target: '/a/../b' }), createFacts());
    expect(explanation.held).toBeNull();
    expect(formatExplanation(explanation)).toContain('the target cannot be put before a policy: dot_segment');
  });

  it('names the policy that erred', async () => {
    const big =
      'permit(principal, action, resource) when { context.time.offset(duration("1ms")) > context.time && 9223372036854775807 + (if context.policy_verified then 1 else 0) > 0 };';
    const explanation = await explainDecision(createPolicySet({ big }), createIntent(), createFacts());
    expect(explanation.held?.errored).toEqual(['big']);
    expect(formatExplanation(explanation)).toContain('erred: `big`');
  });

  it('refuses a set that is not sound', async () => {
    await expect(explainDecision(createPolicySet({ p: 'permit' }), createIntent(), createFacts())).rejects.toThrowError(
      expect.objectContaining({ code: 'POLICY_SET_REFUSED', pointer: '/policies/p' }),
    );
  });
});
