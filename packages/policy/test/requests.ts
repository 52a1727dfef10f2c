import { digestValue } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalFact,
  type DecisionRequest,
  type Facts,
  INTENT_DIGEST_DOMAIN,
  type PolicySet,
} from '@exoarmur/contracts';
import { formatIntentSchema } from '../src/index.ts';

/** The action types of the test schema. */
export const ACTIONS = ['file.delete', 'file.read', 'http.request', 'mcp.call'] as const;

/** An intent in which nothing stands against the action but the policies. */
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
    action_type: 'file.delete',
    action_class: 'A1_soft_containment',
    target: '/srv/data/report.csv',
    parameters: {},
    safety_context: {},
    reason: 'clean up',
    idempotency_key: null,
    timestamp: '2024-01-01T12:00:00.000Z',
    ...change,
  };
}

/** Facts against which the gate has nothing. */
export function createFacts(change: Partial<Facts> = {}): Facts {
  return {
    schema: 'exoarmur.facts/1',
    time: '2024-01-01T12:00:00.000Z',
    policy_verified: true,
    switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
    trust_milli: 850,
    environment: {
      degraded: false,
      cell_load_milli: 100,
      network_health_milli: 1000,
      resource_availability_milli: 1000,
    },
    approvals: [],
    ...change,
  };
}

/** An approval of somebody else than the requester, valid for an hour. Keys and people are told apart by `number`. */
export function createApproval(number: number, change: Partial<ApprovalFact> = {}): ApprovalFact {
  const hex = number.toString(16).padStart(8, '0');
  return {
    approval_digest: `sha256:${hex.repeat(8)}`,
    verdict: 'approve',
    key_id: hex,
    approver_id: `approver-${number}`,
    roles: [],
    expires_at: '2024-01-01T13:00:00.000Z',
    ...change,
  };
}

/** A policy set over the test schema. */
export function createPolicySet(policies: Readonly<Record<string, string>>): PolicySet {
  return {
    schema: 'exoarmur.policy-set/1',
    language: 'cedar',
    policies: { ...policies },
    cedar_schema: formatIntentSchema(ACTIONS),
  };
}

/** A request with the digest that belongs to its intent. */
export function createRequest(intent: Partial<ActionIntent> = {}, facts: Partial<Facts> = {}): DecisionRequest {
  const whole = createIntent(intent);
  return { intent: whole, intentDigest: digestValue(INTENT_DIGEST_DOMAIN, whole), facts: createFacts(facts) };
}
