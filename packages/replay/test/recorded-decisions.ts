import { digestValue, type JsonObject } from '@exoarmur/canonical';
import { type ActionIntent, INTENT_DIGEST_DOMAIN, type PolicySet } from '@exoarmur/contracts';
import type { RecordedDecision } from '../src/policy-change/replay-policy.ts';
import { intentOf, json, timeOf } from './bundle-fixture.ts';
import { decide, POLICY_SET } from './evaluator.ts';

/** The recorded decision on an intent under the fixture's policy set, or another. */
export function recordedOn(changes: Partial<ActionIntent>, policySet: PolicySet = POLICY_SET): RecordedDecision {
  const intent = intentOf(changes);
  const facts = {
    schema: 'exoarmur.facts/1',
    time: timeOf(1),
    policy_verified: true,
    switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
    trust_milli: 1000,
    environment: { degraded: false, cell_load_milli: 1, network_health_milli: 1000, resource_availability_milli: 1000 },
    approvals: [],
  };
  const request = {
    intent,
    intentDigest: digestValue(INTENT_DIGEST_DOMAIN, intent),
    facts,
    policySet,
    policyDigest: digestValue('exoarmur.policy-set/1', policySet),
  };
  const decision: JsonObject = json(decide(request as unknown as Parameters<typeof decide>[0]));
  return { stream: intent.intent_id, seq: 1, intent: json(intent), decision };
}
