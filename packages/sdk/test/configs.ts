import { createSigner } from '@exoarmur/canonical';
import type { ActionIntent, Clock, Facts, SwitchStore } from '@exoarmur/contracts';
import { createTestExecutor, type TestExecutor } from '@exoarmur/executors';
import { formatIntentSchema } from '@exoarmur/policy';
import type { BoundaryConfig } from '../src/index.ts';

export const ORIGIN = 'cell.test/demo';
export const BOUNDARY_KEY = { name: ORIGIN, seed: new Uint8Array(32).fill(1) };
export const APPROVER_KEY = { name: 'alice.test', seed: new Uint8Array(32).fill(2) };
export const APPROVER = {
  operatorId: 'alice',
  vkey: createSigner(APPROVER_KEY.name, APPROVER_KEY.seed).vkey,
  roles: ['operator'],
  isRevoked: false,
};

/** Permits below /data, asks a person below /data/ask, forbids below /data/locked. */
export const POLICY_SET = {
  schema: 'exoarmur.policy-set/1' as const,
  language: 'cedar' as const,
  policies: {
    'permit-data': 'permit(principal, action, resource in Directory::"/data");',
    'no-locked': 'forbid(principal, action, resource in Directory::"/data/locked");',
    'ask-person': '@approval("human")\nforbid(principal, action, resource in Directory::"/data/ask");',
  },
  cedar_schema: formatIntentSchema(['test.act', 'note.write', 'note.list', 'note.drop']),
};

/** Facts against which the safety gate has nothing. */
export const CLEAR_FACTS: BoundaryConfig['facts'] & {
  readonly switches: SwitchStore;
  readonly environment: () => Facts['environment'];
} = {
  switches: { read: async () => ({ global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' }) },
  trust: () => 900,
  environment: () => ({
    degraded: false,
    cell_load_milli: 100,
    network_health_milli: 1000,
    resource_availability_milli: 1000,
  }),
};

/** A configuration that starts, with an executor that only counts. */
export function createConfig(change: Partial<BoundaryConfig> = {}): BoundaryConfig & { executor: TestExecutor } {
  const executor = createTestExecutor();
  const config: BoundaryConfig = {
    tenant: 'demo',
    cell: 'demo',
    key: BOUNDARY_KEY,
    store: 'memory',
    policy: { set: POLICY_SET },
    executors: [{ hosting: 'in_process_trusted', executor }],
    facts: CLEAR_FACTS,
    ...change,
  };
  return Object.defineProperty(config, 'executor', { value: executor, enumerable: false }) as BoundaryConfig & {
    executor: TestExecutor;
  };
}

/** An intent that the policies permit. */
export function createIntent(change: Partial<ActionIntent> = {}): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: 'intent-1',
    correlation_id: 'correlation-1',
    trace_id: null,
    tenant_id: 'demo',
    cell_id: 'demo',
    actor_id: 'agent-1',
    actor_type: 'human',
    action_type: 'test.act',
    action_class: 'A1_soft_containment',
    target: '/data/report.csv',
    parameters: {},
    safety_context: {},
    reason: 'test',
    idempotency_key: null,
    timestamp: '2024-01-01T12:00:00.000Z',
    ...change,
  };
}

/** A clock that a test moves. */
export function createTestClock(): Clock & { nowMs: number } {
  return {
    nowMs: Date.parse('2024-01-01T12:00:00.000Z'),
    now() {
      return this.nowMs;
    },
  };
}

/** A promise with its ends outside. */
export function createGate<Value = void>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<Value>((keep, refuse) => {
    resolve = keep;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
