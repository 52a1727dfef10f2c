import { type Facts, factsSchema } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createIntent } from '../test/boundary.ts';
import { gatherFacts } from './facts.ts';
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
    expect(await gather({ switches: { read: fails } })).toMatchObject({
      switches: UNKNOWN_FACTS.switches,
      trust_milli: 5,
    });
    expect(await gather({ trust: fails })).toMatchObject({ switches, trust_milli: null, environment });
    expect(await gather({ environment: fails })).toMatchObject({
      ...{ switches, trust_milli: 5, environment: UNKNOWN_FACTS.environment },
    });
  });
});

/** Every object and array in a value, itself included. */
function partsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(partsOf)];
}

describe('gatherFacts', () => {
  const counts = { completed: 1, failed: 0, ambiguous: 0, denied: 2 };
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const gathered: Omit<Facts, 'schema' | 'time' | 'approvals' | 'action_class_floor' | 'budgets'> = {
    ...{ policy_verified: true, switches, trust_milli: 800, environment, reversible: true },
    collective: { aggregate_milli: 500, quorum_count: 3, conflict_detected: false },
    policy_bundle: { bundle_digest: digest, version: 1, reason: null },
    flags: { one: true },
    flag_sources: { one: 'environment' },
    history: { actor: counts, correlation: { ...counts }, completed_types: ['test.act'] },
    threat: { class: 'simulate', threat_milli: 1, risk_milli: 2 },
  };
  const approvals: Facts['approvals'] = [
    {
      ...{ approval_digest: digest, verdict: 'approve', key_id: '00000000', approver_id: 'alice', roles: ['operator'] },
      ...{ expires_at: '2024-01-01T13:00:00.000Z', standing_grant: { use: 1, max_uses: 2 } },
    },
  ];
  const budgets = { readings: [{ id: 'rate', maximum: 5, used: 1, amount: 1 }], exhausted: [] };

  it.each(Object.keys(gathered))('knows nothing when reading %s throws', async (member) => {
    const babbling = Object.defineProperty({ ...gathered }, member, { enumerable: true, get: fails });
    const facts = await gatherFacts({
      source: { gather: async () => babbling },
      ...{ intent: createIntent(), time: '2024-01-01T12:00:00.000Z', approvals: [] },
      ...{ classFloor: null, timeoutMs: 1000 },
    });
    expect(facts).toMatchObject(UNKNOWN_FACTS);
  });

  it('fixes facts of its own, so that nobody who gave one can change it later', async () => {
    const facts = await gatherFacts({
      source: { gather: async () => gathered },
      ...{ intent: createIntent(), time: '2024-01-01T12:00:00.000Z', approvals, classFloor: null, timeoutMs: 1000 },
      budgets: Promise.resolve(budgets),
    });
    expect(facts).toMatchObject({ ...gathered, approvals, budgets });
    // A member that is not given here could be one that is handed on as it is.
    expect(Object.keys(facts).sort()).toEqual(Object.keys(factsSchema.shape).sort());
    const theirs = new Set([gathered, approvals].flatMap(partsOf));
    const ours = partsOf(facts);
    expect(ours.length).toBeGreaterThanOrEqual(theirs.size);
    expect(ours.filter((part) => theirs.has(part))).toEqual([]);
    expect(ours.filter((part) => !Object.isFrozen(part))).toEqual([]);
    expect([...theirs].filter((part) => Object.isFrozen(part))).toEqual([]);
  });
});
