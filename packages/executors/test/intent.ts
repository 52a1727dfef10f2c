import type { ActionIntent, JsonObject } from '@exoarmur/contracts';

/** An intent of the gravest class, so that no floor is in its way. */
export function intentOf(actionType: string, target: string, parameters: JsonObject = {}): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: 'intent-1',
    correlation_id: 'correlation-1',
    trace_id: null,
    tenant_id: 'demo',
    cell_id: 'demo',
    actor_id: 'agent-1',
    actor_type: 'agent',
    action_type: actionType,
    action_class: 'A3_irreversible',
    target,
    parameters,
    safety_context: {},
    reason: 'test',
    idempotency_key: null,
    timestamp: '2024-01-01T12:00:00.000Z',
  };
}
