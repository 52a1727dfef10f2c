import type { GatheredFacts } from '@exoarmur/boundary-v2';
import { describe, expect, it } from 'vitest';
import { createIntent } from '../test/configs.ts';
import { governFacts, type PolicyMoment } from './policy-facts.ts';

const CLEAR = { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' } as const;
const GATHERED: GatheredFacts = {
  policy_verified: true,
  switches: CLEAR,
  trust_milli: 500,
  environment: { degraded: false, cell_load_milli: 0, network_health_milli: 1000, resource_availability_milli: 1000 },
};
const GOOD: PolicyMoment = { policyVerified: true, degraded: false, bundle: undefined };
const FLAGS = { flags: { sandbox_required: true }, flag_sources: { sandbox_required: 'configuration' } } as const;

function gather(moment: PolicyMoment, change: Partial<GatheredFacts> = {}, bounds = {}) {
  const source = { gather: async () => ({ ...GATHERED, ...change }) };
  return governFacts(source, { bounds, standing: () => moment }, FLAGS).gather(createIntent());
}

describe('governFacts', () => {
  it('says what the policies say about themselves, whatever the source says of them', async () => {
    expect(await gather(GOOD)).toEqual({ ...GATHERED, ...FLAGS });
    expect((await gather({ ...GOOD, policyVerified: false })).policy_verified).toBe(false);
    expect((await gather(GOOD, { policy_verified: false })).policy_verified).toBe(true);
  });

  it.each([
    [false, false, false],
    [false, true, true],
    [true, false, true],
    [true, true, true],
    // What nobody knows denies, which degraded does not.
    [null, true, null],
    [null, false, null],
  ])(
    'of a cell that is degraded: %j, under policies that degrade it: %j, says %j',
    async (cell, degraded, expected) => {
      const environment = { ...GATHERED.environment, degraded: cell };
      expect((await gather({ ...GOOD, degraded }, { environment })).environment.degraded).toBe(expected);
    },
  );

  it('clears no switch that is engaged elsewhere', async () => {
    const bounds = { kill_switches: { global: false, tenant: true } };
    const switches = { ...CLEAR, global: 'unknown', actor: 'engaged' } as const;
    expect((await gather(GOOD, { switches }, bounds)).switches).toEqual({ ...switches, tenant: 'engaged' });
  });

  it('takes a pin for the trust of its actor, and of no other', async () => {
    expect((await gather(GOOD, {}, { trust_pins: { 'agent-1': 7 } })).trust_milli).toBe(7);
    expect((await gather(GOOD, { trust_milli: null }, { trust_pins: { 'agent-1': 0 } })).trust_milli).toBe(0);
    expect((await gather(GOOD, {}, { trust_pins: { 'agent-2': 7 } })).trust_milli).toBe(500);
  });
});
