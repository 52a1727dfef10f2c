import { describe, expect, it } from 'vitest';
import { parseApprovalAnnotations } from './approval-annotation.ts';

describe('parseApprovalAnnotations', () => {
  it('reads a demand for a person and one for a quorum', () => {
    expect(parseApprovalAnnotations('forbid', { approval: 'human', id: 'x' })).toEqual({
      outcome: 'valid',
      requirement: { kind: 'human', quorum: 1, roles: [], ttl_seconds: 3600 },
    });
    expect(parseApprovalAnnotations('forbid', { approval: 'quorum', quorum: '3', roles: 'b, a', ttl: '60' })).toEqual({
      outcome: 'valid',
      requirement: { kind: 'quorum', quorum: 3, roles: ['a', 'b'], ttl_seconds: 60 },
    });
    expect(parseApprovalAnnotations('forbid', { approval: 'quorum' })).toMatchObject({ requirement: { quorum: 2 } });
    expect(parseApprovalAnnotations('permit', { id: 'x', advice: 'y', x_owner: 'z' })).toEqual({ outcome: 'none' });
    expect(parseApprovalAnnotations('forbid', { approval: 'human', x_owner: 'z' }).outcome).toBe('valid');
  });

  it.each([
    ['a demand on a permit', 'permit', { approval: 'human' }],
    ['an unknown kind', 'forbid', { approval: 'humans' }],
    ['a kind without a value', 'forbid', { approval: null }],
    ['a quorum for one person', 'forbid', { approval: 'human', quorum: '2' }],
    ['a quorum of one', 'forbid', { approval: 'quorum', quorum: '1' }],
    ['a quorum over the limit', 'forbid', { approval: 'quorum', quorum: '17' }],
    ['a quorum that is no number', 'forbid', { approval: 'quorum', quorum: '0x2' }],
    ['an empty role', 'forbid', { approval: 'human', roles: '' }],
    ['a time that is no number', 'forbid', { approval: 'human', ttl: '1h' }],
    ['a time over the limit', 'forbid', { approval: 'human', ttl: '2592001' }],
    ['roles under a misspelt name', 'forbid', { approval: 'human', approval_roles: 'ops' }],
    ['a quorum under a misspelt name', 'forbid', { approval: 'quorum', Quorum: '3' }],
    ['a misspelt demand on a permit', 'permit', { aproval: 'human' }],
    ['a demand in capitals on a permit', 'permit', { Approval: 'human', Roles: 'x' }],
    ['a misspelt demand on a forbid', 'forbid', { aproval: 'human' }],
    ['an annotation that means nothing here', 'permit', { description: 'reads reports' }],
    ['a quorum without a demand', 'forbid', { quorum: '2' }],
    ['roles without a demand', 'permit', { roles: 'ops' }],
    ['a time without a demand', 'forbid', { ttl: '60' }],
  ] as const)('refuses %s', (_, effect, annotations) => {
    expect(parseApprovalAnnotations(effect, annotations).outcome).toBe('malformed');
  });
});
