import { describe, expect, it } from 'vitest';
import { createIntent } from '../test/boundary.ts';
import { createFactSource, UNKNOWN_FACTS } from './index.ts';

const environment = {
  ...{ degraded: false, cell_load_milli: 1, network_health_milli: 2, resource_availability_milli: 3 },
};
const switches = { global: 'clear', tenant: 'clear', actor: 'engaged', action_class: 'clear' } as const;
const fails = () => {
  throw new Error('down');
};

describe('createFactSource', () => {
  it('asks the switches about this tenant, actor and class', async () => {
    const scopes: unknown[] = [];
    const source = createFactSource({
      policyVerified: true,
      switches: {
        read: async (scope) => {
          scopes.push(scope);
          return switches;
        },
      },
      trust: async ({ actor_id }) => (actor_id === 'agent-1' ? 800 : null),
      environment: () => environment,
    });
    expect(await source.gather(createIntent())).toEqual({
      ...{ policy_verified: true, switches, trust_milli: 800, environment },
    });
    expect(scopes).toEqual([{ tenant: 'demo', actor: 'agent-1', actionClass: 'A1_soft_containment' }]);
  });

  it('leaves unknown what one part cannot say, and keeps what the others say', async () => {
    const whole = {
      policyVerified: true,
      switches: { read: async () => switches },
      trust: () => 5,
      environment: () => environment,
    };
    const gather = (change: object) => createFactSource({ ...whole, ...change }).gather(createIntent());
    expect(await gather({ switches: { read: () => Promise.reject(new Error('down')) } })).toMatchObject({
      ...{ switches: UNKNOWN_FACTS.switches, trust_milli: 5, environment },
    });
    expect(await gather({ trust: fails })).toMatchObject({ switches, trust_milli: null, environment });
    expect(await gather({ environment: fails })).toMatchObject({
      ...{ switches, trust_milli: 5, environment: UNKNOWN_FACTS.environment },
    });
  });
});
