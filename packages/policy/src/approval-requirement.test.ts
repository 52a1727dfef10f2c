import type { ApprovalRequirement } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createApproval } from '../test/requests.ts';
import { isRequirementMet, mergeRequirements } from './approval-requirement.ts';

const human: ApprovalRequirement = { kind: 'human', quorum: 1, roles: [], ttl_seconds: 3600 };
const quorum: ApprovalRequirement = { kind: 'quorum', quorum: 3, roles: ['ops'], ttl_seconds: 600 };
const time = '2024-01-01T12:00:00.000Z';
const count = (approvals: readonly ReturnType<typeof createApproval>[]) => ({ approvals, requester: 'agent-1', time });

describe('mergeRequirements', () => {
  it('takes the strictest of each part, in any order', () => {
    const other: ApprovalRequirement = { ...human, roles: ['security'], ttl_seconds: 900 };
    const merged = { kind: 'quorum', quorum: 3, roles: ['ops', 'security'], ttl_seconds: 600 };
    expect(mergeRequirements([human, quorum, other])).toEqual(merged);
    expect(mergeRequirements([other, quorum, human])).toEqual(merged);
    expect(mergeRequirements([])).toBeNull();
  });
});

describe('isRequirementMet', () => {
  it('takes one approval of somebody else for a person', () => {
    expect(isRequirementMet(human, count([]))).toBe(false);
    expect(isRequirementMet(human, count([createApproval(1)]))).toBe(true);
  });

  it.each([
    ['the requester', { approver_id: 'agent-1' }],
    ['an expired approval', { expires_at: '2024-01-01T12:00:00.000Z' }],
  ])('does not count %s', (_, change) => {
    expect(isRequirementMet(human, count([createApproval(1, change)]))).toBe(false);
  });

  it('takes one denial as final, however many approved', () => {
    const denial = createApproval(9, { verdict: 'deny', expires_at: '2023-01-01T00:00:00.000Z' });
    expect(isRequirementMet(human, count([createApproval(1), createApproval(2), denial]))).toBe(false);
  });

  it('counts only approvers with every demanded role', () => {
    const two = { ...quorum, quorum: 2, roles: ['ops', 'security'] };
    const half = createApproval(1, { roles: ['ops'] });
    const whole = createApproval(2, { roles: ['ops', 'security'] });
    expect(isRequirementMet(two, count([half, whole]))).toBe(false);
    expect(isRequirementMet(two, count([whole, createApproval(3, { roles: ['security', 'ops', 'x'] })]))).toBe(true);
  });

  it('counts distinct keys of distinct people', () => {
    const two = { ...quorum, quorum: 2, roles: [] };
    const again = createApproval(2, { key_id: '00000001' });
    const sameName = createApproval(3, { approver_id: 'approver-1' });
    expect(isRequirementMet(two, count([createApproval(1), again]))).toBe(false);
    expect(isRequirementMet(two, count([createApproval(1), sameName]))).toBe(false);
    expect(isRequirementMet(two, count([createApproval(1), createApproval(4)]))).toBe(true);
  });
});
