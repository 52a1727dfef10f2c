import { digestValue } from '@exoarmur/canonical';
import { type ActionIntent, type Facts, INTENT_DIGEST_DOMAIN, type PolicySet } from '@exoarmur/contracts';
import { createCedarRequest, createDecisionPoint, formatIntentSchema } from '@exoarmur/policy';
import { createPolicyShelf, policyToJson, preparseSchema } from '@exoarmur/policy/cedar';
import { ConflictResolutionStrategy, PolicyEngine } from '@microsoft/agent-governance-sdk';
import type { Group } from './main.ts';

const SIZES = [10, 100, 1_000, 10_000] as const;
const SCHEMA = formatIntentSchema(['file.delete', 'file.read', 'http.request']);
preparseSchema('bench', SCHEMA);

const intent: ActionIntent = {
  schema: 'exoarmur.intent/1',
  intent_id: 'intent-1',
  correlation_id: 'session-1',
  trace_id: null,
  tenant_id: 'demo',
  cell_id: 'demo',
  actor_id: 'operator',
  actor_type: 'human',
  action_type: 'file.delete',
  action_class: 'A1_soft_containment',
  target: '/srv/team-3/reports/2024.csv',
  parameters: { recursive: false, count: 2 },
  safety_context: {},
  reason: 'clean up',
  idempotency_key: null,
  timestamp: '2024-01-01T12:00:00.000Z',
};
const facts: Facts = {
  schema: 'exoarmur.facts/1',
  time: '2024-01-01T12:00:00.000Z',
  policy_verified: true,
  switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
  trust_milli: 850,
  environment: { degraded: false, cell_load_milli: 100, network_health_milli: 1000, resource_availability_milli: 1000 },
  approvals: [],
};
const request = { intent, intentDigest: digestValue(INTENT_DIGEST_DOMAIN, intent), facts };

/** The first five policies look at every request, each other one at one action in one directory. */
function createPolicies(size: number): Record<string, string> {
  const policies: Record<string, string> = {};
  for (let n = 0; n < size; n += 1) {
    const action = ['file.delete', 'file.read', 'http.request'][n % 3];
    policies[`p${n}`] =
      n < 5
        ? `forbid(principal is Agent, action, resource) when { context.action_class == "A3_irreversible" };`
        : `permit(principal, action == Action::"${action}", resource in Directory::"/srv/team-${n - (n % 3)}") when { resource.depth > 1 };`;
  }
  return policies;
}

/** The same permits as flat rules and as one document of another engine, which compares equal strings only. */
function createPeers(size: number): Group['tasks'] {
  const actions = ['file.delete', 'file.read', 'http.request'];
  const scopes = Array.from({ length: size }, (_, n) => [actions[n % 3] ?? '', `/srv/team-${n - (n % 3)}`] as const);
  const flat = new PolicyEngine(
    scopes.map(([action, directory]) => ({ action, effect: 'allow', conditions: { directory } })),
  );
  const rich = new PolicyEngine([], ConflictResolutionStrategy.DenyOverrides);
  rich.loadPolicy({
    name: 'bench',
    default_action: 'deny',
    rules: scopes.map(([action, directory], n) => ({
      name: `r${n}`,
      condition: `action == '${action}' and directory == '${directory}'`,
      ruleAction: 'allow',
    })),
  });
  // The last rule is the one that applies, as a scan from the front meets it in the end.
  const [action, directory] = scopes.at(-1) ?? ['', ''];
  if (
    flat.evaluate(action, { directory }) !== 'allow' ||
    !rich.evaluatePolicy('agent', { action, directory }).allowed
  ) {
    throw new Error('the peers of the measurement do not decide as expected');
  }
  return {
    'agent-governance-sdk, flat rules': () => flat.evaluate(action, { directory }),
    'agent-governance-sdk, policy document': () => rich.evaluatePolicy('agent', { action, directory }),
  };
}

function createTasks(size: number): Group['tasks'] {
  const policies = createPolicies(size);
  const policySet: PolicySet = { schema: 'exoarmur.policy-set/1', language: 'cedar', policies, cedar_schema: SCHEMA };
  const list = Object.entries(policies).map(([id, text]) => {
    const answer = policyToJson(text);
    if (answer.type === 'failure') throw new Error(`policy ${id} of the measurement does not parse`);
    return { id, text, json: answer.json };
  });
  const built = createCedarRequest(intent, facts);
  if (built.outcome === 'refused') throw new Error('the request of the measurement is refused');
  const cedarRequest = built.request;
  const unsliced = createPolicyShelf(list, { name: `bench/unsliced/${size}`, schema: 'bench', unsliced: true });
  const sliced = createPolicyShelf(list, { name: `bench/sliced/${size}`, schema: 'bench', isForgetful: true });
  const remembering = createPolicyShelf(list, { name: `bench/remembering/${size}`, schema: 'bench' });
  const point = createDecisionPoint({ policySet });
  return {
    'cedar-wasm, parsed before, all policies': () => unsliced.ask(cedarRequest),
    'exoarmur engine, sliced': () => sliced.ask(cedarRequest),
    'exoarmur engine, answer remembered': () => remembering.ask(cedarRequest),
    'exoarmur decision (request, answer remembered, gate, resolution)': () => point.decide(request),
    ...createPeers(size),
  };
}

/** Deciding one action under more and more policies, beside the engine that is asked about all of them. */
export const groups: readonly Group[] = SIZES.map((size) => ({
  name: `deciding under ${size} policies`,
  baseline: 'cedar-wasm, parsed before, all policies',
  tasks: createTasks(size),
}));
