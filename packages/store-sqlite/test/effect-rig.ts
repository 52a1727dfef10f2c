import { createHash } from 'node:crypto';
import { createOperatorRegistry, createTrustedHost, ProxyPipeline } from '@exoarmur/boundary-v2';
import { createSigner } from '@exoarmur/canonical';
import type {
  ActionIntent,
  AuditSink,
  CellAuditSink,
  Clock,
  Decision,
  Executor,
  GrantStore,
  PolicyDecisionPoint,
  StreamEvidenceSource,
  SwitchState,
} from '@exoarmur/contracts';
import { ORIGIN, SIGNER } from './logs.ts';

const POLICY_SET = { schema: 'exoarmur.policy-set/1', language: 'cedar', policies: {}, cedar_schema: '' } as const;
const POLICY_DIGEST = digestOf('policy');
const ENGINE = { name: 'three-targets', version: '1', digest: digestOf('engine') };

/** People with keys of their own; each may answer. */
export const PEOPLE = ['alice', 'bob'].map((operatorId, index) => ({
  operatorId,
  signer: createSigner(`${operatorId}.test`, new Uint8Array(32).fill(100 + index)),
}));

function digestOf(text: string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/**
 * Decides by the first part of the target: `ask` wants one person, `two` wants two, `no` is forbidden, anything else is
 * permitted; an engaged switch denies all. Cheap, because here not the decision is tried but what follows from it.
 */
export const decisionPoint: PolicyDecisionPoint = {
  policyDigest: POLICY_DIGEST,
  policySet: POLICY_SET,
  engine: ENGINE,
  decide: async ({ intent, intentDigest, facts }): Promise<Decision> => {
    const [, kind = ''] = intent.target.split('/');
    const quorum = kind === 'ask' ? 1 : kind === 'two' ? 2 : 0;
    const agreed = new Set(facts.approvals.map(({ approver_id }) => approver_id)).size;
    const isStopped = facts.switches.global !== 'clear';
    const pdp = kind === 'no' ? 'deny' : agreed < quorum ? 'require_approval' : 'allow';
    const verdict = isStopped ? 'deny' : pdp;
    return {
      schema: 'exoarmur.decision/1',
      intent_digest: intentDigest,
      verdict,
      pdp: {
        ...{ verdict: pdp, rationale: kind, determining_policies: [], errored_policies: [] },
        approval_requirement:
          pdp === 'require_approval'
            ? { kind: quorum > 1 ? 'quorum' : 'human', quorum, roles: [], ttl_seconds: 3600 }
            : null,
      },
      safety: { verdict: isStopped ? 'deny' : 'allow', rationale: '', rule_ids: [] },
      resolution_rules_applied: ['stated_by_target'],
      policy_digest: POLICY_DIGEST,
      engine: ENGINE,
      facts,
    };
  },
};

export const intentOf = (intent_id: string, target: string): ActionIntent => ({
  schema: 'exoarmur.intent/1',
  ...{ intent_id, correlation_id: 'session', trace_id: null, tenant_id: 'demo', cell_id: 'cell-1' },
  ...{ actor_id: 'agent-1', actor_type: 'agent', action_type: 'test.act', action_class: 'A1_soft_containment', target },
  ...{ parameters: {}, safety_context: {}, reason: '', idempotency_key: null, timestamp: '2024-01-01T00:00:00.000Z' },
});

/** A boundary over the ports given. */
export function createBoundary(ports: {
  readonly log: AuditSink & CellAuditSink & StreamEvidenceSource;
  readonly grants: GrantStore;
  readonly clock: Clock;
  readonly random: { bytes(length: number): Uint8Array };
  readonly readSwitch: () => SwitchState;
  readonly execute: Executor['execute'];
}): ProxyPipeline {
  const { log, grants, clock, random, readSwitch, execute } = ports;
  const executor: Executor = {
    manifest: {
      ...{ name: 'counting', version: '1.0.0', action_types: ['test.act'], target_kinds: ['path'], capabilities: [] },
    },
    validateTarget: async () => ({ result: 'valid', reason: '', evidence: {} }),
    execute,
  };
  const environment = {
    ...{ degraded: false, cell_load_milli: 0, network_health_milli: 1000, resource_availability_milli: 1000 },
  };
  return new ProxyPipeline({
    ...{ tenant: 'demo', cell: 'cell-1', log, grants, clock, random, decisionPoint },
    signer: { ...SIGNER, name: ORIGIN },
    facts: {
      gather: async () => ({
        ...{ policy_verified: true, trust_milli: 900, environment },
        switches: { global: readSwitch(), tenant: 'clear', actor: 'clear', action_class: 'clear' },
      }),
    },
    host: createTrustedHost({ executor, targetTimeoutMs: 60_000, executionTimeoutMs: 60_000 }),
    operators: createOperatorRegistry(
      PEOPLE.map(({ operatorId, signer }) => ({ operatorId, vkey: signer.vkey, roles: [], isRevoked: false })),
    ),
    limits: { factTimeoutMs: 60_000, decisionTimeoutMs: 60_000, storeTimeoutMs: 60_000 },
  });
}
