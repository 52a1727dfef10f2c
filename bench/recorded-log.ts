import { digestValue } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type Decision,
  type Facts,
  INTENT_DIGEST_DOMAIN,
  type PolicySet,
} from '@exoarmur/contracts';
import { createCedarEvaluator, digestPolicySet, formatIntentSchema } from '@exoarmur/policy';
import { openBenchLog } from './audit-log.ts';

const TEAMS = 50;
const AGENTS = 200;
const START = Date.UTC(2024, 0, 1);

const policySetOf = (policies: Record<string, string>): PolicySet => ({
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  policies,
  cedar_schema: formatIntentSchema(['file.delete', 'file.read']),
});

const reading = Object.fromEntries(
  Array.from({ length: TEAMS }, (_, team) => [
    `team-${team}`,
    `permit (principal, action == Action::"file.read", resource in Directory::"/srv/team-${team}");`,
  ]),
);
const DELETING = `permit (principal is Agent, action == Action::"file.delete", resource in Directory::"/srv/team-0") when { resource.depth > 1 };`;

/** What the log was decided under: 51 policies. */
export const RECORDED_POLICIES: PolicySet = policySetOf({ ...reading, deleting: DELETING });

/** What is proposed: deleting is allowed in a second team, and one team may not be read any more. */
export const PROPOSED_POLICIES: PolicySet = policySetOf({
  ...reading,
  deleting: DELETING,
  'deleting-too': DELETING.replace('team-0', 'team-1'),
  private: 'forbid (principal, action, resource in Directory::"/srv/team-2");',
});

/** An action of its own: its number is in its ids, its target and its time. */
export function intentOf(number: number): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: `action-${number}`,
    correlation_id: `session-${Math.floor(number / 20)}`,
    trace_id: null,
    tenant_id: 'demo',
    cell_id: 'cell',
    actor_id: `agent-${number % AGENTS}`,
    actor_type: 'agent',
    action_type: number % 7 === 0 ? 'file.delete' : 'file.read',
    action_class: number % 7 === 0 ? 'A3_irreversible' : 'A0_observe',
    target: `/srv/team-${number % TEAMS}/reports/${number}.csv`,
    parameters: {},
    safety_context: {},
    reason: 'nightly run',
    idempotency_key: null,
    timestamp: timeOf(number),
  };
}

export function factsOf(number: number): Facts {
  return {
    schema: 'exoarmur.facts/1',
    time: timeOf(number),
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
  };
}

function timeOf(number: number): string {
  return new Date(START + number * 10).toISOString();
}

/**
 * Writes a signed log on disk with so many decided actions, two records each: the intent and the decision. Decisions of one
 * kind of action are taken once and get the intent and the time of each: what is measured is who reads them.
 */
export async function writeRecordedLog(name: string, actions: number): Promise<string> {
  const { log, path } = openBenchLog(name);
  const evaluator = createCedarEvaluator();
  const policyDigest = digestPolicySet(RECORDED_POLICIES);
  const kinds = new Map<string, Decision>();
  const decide = async (number: number): Promise<Decision> => {
    const intent = intentOf(number);
    const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, intent);
    const facts = factsOf(number);
    const kind = `${intent.action_type} ${number % TEAMS}`;
    const known = kinds.get(kind);
    if (known !== undefined) return { ...known, intent_digest: intentDigest, facts };
    const decision = await evaluator.evaluate({
      intent,
      intentDigest,
      facts,
      policySet: RECORDED_POLICIES,
      policyDigest,
    });
    kinds.set(kind, decision);
    return decision;
  };
  const append = async (number: number): Promise<void> => {
    const intent = intentOf(number);
    const { intent_id: stream, correlation_id: correlation } = intent;
    const common = { stream, correlation, trace: null };
    const decision = await decide(number);
    await Promise.all([
      log.append({
        ...common,
        actor: { type: 'agent', id: intent.actor_id },
        kind: 'intent_received',
        payload: intent,
        expectedSeq: 0,
      }),
      log.append({
        ...common,
        actor: { type: 'boundary', id: 'cell' },
        kind: 'verdict_resolved',
        payload: decision,
        expectedSeq: 1,
      }),
    ]);
  };
  for (let from = 0; from < actions; from += 500) {
    const batch = Array.from({ length: Math.min(500, actions - from) }, (_, index) => append(from + index));
    await Promise.all(batch);
  }
  await log.close();
  return path;
}
