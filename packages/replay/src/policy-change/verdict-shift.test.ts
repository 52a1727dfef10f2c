import type { ApprovalRequirement, Verdict } from '@exoarmur/contracts';
import { expect, it } from 'vitest';
import { compareDecisions } from './verdict-shift.ts';

const DEMAND: ApprovalRequirement = { kind: 'human', quorum: 1, roles: ['owner'], ttl_seconds: 600 };

const decided = (verdict: Verdict, demand: ApprovalRequirement | null = null) => ({
  verdict,
  pdp: { approval_requirement: demand },
});

it.each([
  ['deny', 'deny', 'same'],
  ['deny', 'require_approval', 'looser'],
  ['deny', 'allow', 'looser'],
  ['require_human', 'allow', 'looser'],
  ['require_quorum', 'allow', 'looser'],
  ['require_approval', 'deny', 'tighter'],
  ['allow', 'require_human', 'tighter'],
  ['allow', 'deny', 'tighter'],
  ['allow', 'allow', 'same'],
  ['require_human', 'require_quorum', 'tighter'],
  ['require_quorum', 'require_human', 'looser'],
  ['require_approval', 'require_human', 'looser'],
  ['require_human', 'require_approval', 'looser'],
] as const)('from %s to %s is %s', (recorded, proposed, shift) => {
  expect(compareDecisions(decided(recorded), decided(proposed)).shift).toBe(shift);
});

it.each([
  ['nothing', {}, 'same', null],
  ['more people', { quorum: 2 }, 'tighter', 'demand_stronger'],
  ['a quorum', { kind: 'quorum' }, 'tighter', 'demand_stronger'],
  ['a role more', { roles: ['auditor', 'owner'] }, 'tighter', 'demand_stronger'],
  ['less time', { ttl_seconds: 60 }, 'tighter', 'demand_stronger'],
  ['more time', { ttl_seconds: 601 }, 'looser', 'demand_weaker'],
  ['no role', { roles: [] }, 'looser', 'demand_weaker'],
  ['another role', { roles: ['auditor'] }, 'looser', 'demand_weaker'],
  ['more people and no role', { quorum: 2, roles: [] }, 'looser', 'demand_weaker'],
] as const)('a demand that changes in %s is judged', (_, change, shift, code) => {
  const proposed = decided('require_approval', { ...DEMAND, ...change } as ApprovalRequirement);
  expect(compareDecisions(decided('require_approval', DEMAND), proposed)).toEqual({ shift, code });
});

it('a quorum demanded by the gate is no tightening where the policies demanded more', () => {
  const recorded = decided('require_approval', { ...DEMAND, quorum: 3 });
  expect(compareDecisions(recorded, decided('require_quorum')).shift).toBe('looser');
});

it('a demand that is gone is looser, one that is new is tighter', () => {
  const [with_, without] = [decided('require_human', DEMAND), decided('require_human')];
  expect(compareDecisions(with_, without).shift).toBe('looser');
  expect(compareDecisions(without, with_).shift).toBe('tighter');
});
