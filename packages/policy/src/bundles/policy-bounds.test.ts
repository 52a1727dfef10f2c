import type { ActionIntent, Facts, PolicyBounds } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createApproval, createFacts, createRequest } from '../../test/requests.ts';
import { createDecisionPoint } from '../decision-point.ts';
import { formatIntentSchema } from '../request/intent-schema.ts';
import { formatGoverningSet, switchesOf } from './policy-bounds.ts';
import { createPolicyBundle } from './policy-bundle.ts';

const POLICY_SET = {
  schema: 'exoarmur.policy-set/1' as const,
  language: 'cedar' as const,
  cedar_schema: formatIntentSchema(['file.delete']),
  policies: { all: 'permit(principal, action, resource);' },
};
const A2 = { action_class: 'A2_hard_containment' } as const;
const A3 = { action_class: 'A3_irreversible' } as const;

async function ask(bounds: PolicyBounds, intent: Partial<ActionIntent>, facts: Partial<Facts> = {}) {
  const point = createDecisionPoint({ policySet: formatGoverningSet({ policy_set: POLICY_SET, bounds }) });
  const request = createRequest(intent, createFacts({ action_class_floor: intent.action_class ?? null, ...facts }));
  const { verdict, pdp } = await point.decide(request);
  return { verdict, policies: pdp.determining_policies };
}

describe('the bounds of a bundle', () => {
  it('leave a set as it is when there are none', () => {
    expect(formatGoverningSet({ policy_set: POLICY_SET })).toBe(POLICY_SET);
    expect(
      formatGoverningSet({ policy_set: POLICY_SET, bounds: { autonomy_envelope: { A2_hard_containment: 'local' } } }),
    ).toBe(POLICY_SET);
  });

  it.each([
    ['local', 'allow'],
    ['quorum', 'require_approval'],
    ['human', 'require_approval'],
    ['forbidden', 'deny'],
  ] as const)('let a class go as far as the envelope says: %s', async (autonomy, verdict) => {
    const bounds: PolicyBounds = { autonomy_envelope: { A2_hard_containment: autonomy } };
    expect((await ask(bounds, A2)).verdict).toBe(verdict);
    expect((await ask(bounds, A3)).verdict).toBe('allow');
  });

  it('are lifted by as many people as the envelope asks for, and a forbidden class by nobody', async () => {
    const approvals = [createApproval(1), createApproval(2), createApproval(3)];
    const under = (autonomy: 'quorum' | 'human' | 'forbidden', count: number) =>
      ask({ autonomy_envelope: { A2_hard_containment: autonomy } }, A2, { approvals: approvals.slice(0, count) });
    expect((await under('human', 1)).verdict).toBe('allow');
    expect((await under('quorum', 1)).verdict).toBe('require_approval');
    expect((await under('quorum', 2)).verdict).toBe('allow');
    expect((await under('forbidden', 3)).verdict).toBe('deny');
  });

  it.each([
    [899, 'require_approval'],
    [900, 'allow'],
  ] as const)('ask a person below a trust floor: %d', async (trust_milli, verdict) => {
    const bounds: PolicyBounds = { trust_floors: { A3_irreversible: 900 } };
    expect((await ask(bounds, A3, { trust_milli })).verdict).toBe(verdict);
    expect((await ask(bounds, A2, { trust_milli })).verdict).toBe('allow');
  });

  it('stand in the set under names of their own', () => {
    const bounds: PolicyBounds = {
      autonomy_envelope: { A0_observe: 'human', A3_irreversible: 'forbidden' },
      trust_floors: { A1_soft_containment: 100 },
    };
    expect(Object.keys(formatGoverningSet({ policy_set: POLICY_SET, bounds }).policies)).toEqual([
      'all',
      'bounds.autonomy.A0_observe',
      'bounds.autonomy.A3_irreversible',
      'bounds.trust.A1_soft_containment',
    ]);
  });

  it('engage switches, and clear none', () => {
    const clear = { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' };
    expect(switchesOf({})).toEqual(clear);
    expect(switchesOf({ kill_switches: { global: true, tenant: false } })).toEqual({ ...clear, global: 'engaged' });
    expect(switchesOf({ kill_switches: { global: false, tenant: true } })).toEqual({ ...clear, tenant: 'engaged' });
  });

  it('are a part of what is signed, and absent from a bundle without any', () => {
    const about = {
      ...{ bundle_id: 'b', tenant_id: 'acme', version: 1 },
      ...{ issued_at: '2024-01-01T00:00:00.000Z', expires_at: '2025-01-01T00:00:00.000Z' },
    };
    const bounds: PolicyBounds = { kill_switches: { global: true, tenant: false } };
    expect(createPolicyBundle({ ...about, bounds }, POLICY_SET).bounds).toEqual(bounds);
    expect('bounds' in createPolicyBundle(about, POLICY_SET)).toBe(false);
  });
});
