import type { ActionIntent, Facts } from '@exoarmur/contracts';

/** Everything the demonstration fixes, so that its bundle has the same bytes everywhere. */
export const DEMO = Object.freeze({
  tenant: 'demo',
  cell: 'demo',
  /** Origin of the log and name of the boundary's key. */
  origin: 'demo.exoarmur.example/demo',
  /** 2024-01-01T12:00:00.000Z */
  timeMs: 1_704_110_400_000,
  time: '2024-01-01T12:00:00.000Z',
  /** Label of the counting random source and of the key. */
  label: 'exoarmur canonical truth reconstruction demo',
});

/** Folders as policies and records name them; the executor maps them to real ones. */
export const LOGICAL_ROOTS = Object.freeze({
  private: '/tmp/exoarmur-demo-private',
  authorized: '/tmp/exoarmur-demo-authorized',
});

/** What the operator of the demonstration asks for: a file outside the authorised folder, or one inside. */
export function createDemoIntent(isAllowed: boolean): ActionIntent {
  const intentId = isAllowed ? 'canonical-truth-reconstruction-demo-allowed' : 'canonical-truth-reconstruction-demo';
  return {
    schema: 'exoarmur.intent/1',
    intent_id: intentId,
    correlation_id: 'canonical-truth-reconstruction-demo',
    trace_id: null,
    tenant_id: DEMO.tenant,
    cell_id: DEMO.cell,
    actor_id: 'demo-operator',
    actor_type: 'human',
    action_type: 'delete',
    action_class: 'A3_irreversible',
    target: isAllowed
      ? `${LOGICAL_ROOTS.authorized}/scratch/old-report.csv`
      : `${LOGICAL_ROOTS.private}/secret-exports/customer-records.csv`,
    parameters: { operation: 'delete' },
    safety_context: {},
    reason: 'free some space',
    idempotency_key: null,
    timestamp: DEMO.time,
  };
}

/** A calm day: every switch clear, everything healthy. The decision is left to the policy alone. */
export function createDemoFacts(): Facts {
  return {
    schema: 'exoarmur.facts/1',
    time: DEMO.time,
    policy_verified: true,
    switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
    trust_milli: 850,
    environment: {
      degraded: false,
      cell_load_milli: 500,
      network_health_milli: 900,
      resource_availability_milli: 800,
    },
    approvals: [],
  };
}
