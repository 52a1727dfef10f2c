import { randomFillSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import { type BudgetOptions, createMemoryGrantStore, createTrustedHost, ProxyPipeline } from '@exoarmur/boundary-v2';
import { createSigner } from '@exoarmur/canonical';
import type { ActionIntent, Executor, ExecutorHost, GrantStore, JsonObject } from '@exoarmur/contracts';
import { createDecisionPoint, formatIntentSchema } from '@exoarmur/policy';
import { createSandboxedHost, digestCode } from '@exoarmur/sandbox';

const ORIGIN = 'cell.example/demo';
const SIGNER = createSigner(ORIGIN, new Uint8Array(32).fill(1));
const TIMESTAMP = '2024-01-01T12:00:00.000Z';

/** Random bytes from a pool, so that the source of salts is not what is measured. */
export const random = (() => {
  const pool = new Uint8Array(65_536);
  let offset = pool.length;
  return {
    bytes(length: number): Uint8Array {
      if (offset + length > pool.length) {
        randomFillSync(pool);
        offset = 0;
      }
      offset += length;
      return pool.slice(offset - length, offset);
    },
  };
})();

/** Does nothing and says so: what is measured is what governs. */
export const nullExecutor: Executor = {
  manifest: {
    name: 'null',
    version: '1.0.0',
    action_types: ['file.read'],
    target_kinds: ['path'],
    capabilities: [],
    action_class_floors: { 'file.read': 'A0_observe' },
  },
  validateTarget: async () => ({ result: 'valid', reason: '', evidence: {} }),
  execute: async () => ({ success: true, error_code: null, claimed: { done: true }, observed: {} }),
};

export const trustedHost = (): ExecutorHost =>
  createTrustedHost({ executor: nullExecutor, targetTimeoutMs: 1000, executionTimeoutMs: 5000 });

/** The same executor in a confined process for each question. */
export function sandboxedHost(): Promise<ExecutorHost> {
  const { manifest } = nullExecutor;
  const code = { entry: fileURLToPath(new URL('./null-executor.mjs', import.meta.url)) };
  const config = { manifest } as unknown as JsonObject;
  return createSandboxedHost({ manifest, code: { ...code, digest: digestCode(code) }, config });
}

/** A log in memory: everything but the disk. */
export function openMemoryLog(): AuditLog {
  const clock = { now: () => Date.now() };
  return createAuditLog({
    ...{ store: new MemoryLogStore(), heads: new MemoryHeadKeeper(), signer: SIGNER, clock, random },
    ...{ tenant: 'demo', cell: 'cell', origin: ORIGIN },
  });
}

/** A boundary with a real policy set, real facts and a real log; one `execute` is one whole action. */
export function createRig(parts: {
  readonly log: AuditLog;
  readonly grants?: GrantStore;
  readonly host?: ExecutorHost;
  readonly budgets?: BudgetOptions;
  readonly trust?: (intent: ActionIntent) => Promise<number>;
  /** What every intent is about; another one each unless told. */
  readonly target?: string;
}): { readonly execute: () => Promise<void>; readonly decide: () => Promise<void> } {
  const policies = {
    'permit-reports': 'permit(principal, action, resource in Directory::"/srv/reports");',
    'no-secrets': 'forbid(principal, action, resource in Directory::"/srv/reports/secret");',
  };
  const cedar_schema = formatIntentSchema(['file.read']);
  const switches = { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' } as const;
  const environment = {
    ...{ degraded: false, cell_load_milli: 100, network_health_milli: 1000, resource_availability_milli: 1000 },
  };
  const pipeline = new ProxyPipeline({
    ...{ tenant: 'demo', cell: 'cell', log: parts.log, clock: { now: () => Date.now() }, random, signer: SIGNER },
    decisionPoint: createDecisionPoint({
      policySet: { schema: 'exoarmur.policy-set/1', language: 'cedar', policies, cedar_schema },
    }),
    facts: {
      gather: async (intent) => ({
        ...{ policy_verified: true, switches, environment },
        trust_milli: parts.trust === undefined ? 900 : await parts.trust(intent),
      }),
    },
    ...(parts.budgets === undefined ? {} : { budgets: parts.budgets }),
    host: parts.host ?? trustedHost(),
    grants: parts.grants ?? createMemoryGrantStore(),
  });
  let number = 0;
  return {
    execute: async () => {
      const { status } = await pipeline.execute(intentOf(number++, parts.target));
      if (status !== 'completed') throw new Error(`the action is ${status}`);
    },
    decide: async () => {
      const decision = await pipeline.decide(intentOf(number++, parts.target));
      if (decision?.verdict !== 'allow') throw new Error('the action is not allowed');
    },
  };
}

function intentOf(number: number, target: string | undefined): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: `intent-${number}`,
    correlation_id: `session-${Math.floor(number / 100)}`,
    trace_id: null,
    tenant_id: 'demo',
    cell_id: 'cell',
    actor_id: 'agent-1',
    actor_type: 'human',
    action_type: 'file.read',
    action_class: 'A0_observe',
    target: target ?? `/srv/reports/2024/${number}.csv`,
    parameters: target === undefined ? { limit: 10, columns: ['a', 'b'] } : {},
    safety_context: {},
    reason: 'monthly report',
    idempotency_key: null,
    timestamp: TIMESTAMP,
  };
}
