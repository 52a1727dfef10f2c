import { actionTypeSchema, quoteForMessage } from '@exoarmur/contracts';
import { PolicyError } from '../errors.ts';

/** Facts that a schema may declare, with their types. A boundary that does not establish one denies under such a schema. */
const OPTIONAL_FACTS = Object.freeze({ history: 'History', threat: 'Threat' });
export type OptionalFact = keyof typeof OPTIONAL_FACTS;

const HISTORY_TYPES = `// How earlier actions ended, of the actor and of the correlation.
type Ends = { completed: Long, failed: Long, ambiguous: Long, denied: Long };
type History = { actor: Ends, correlation: Ends, completed_types: Set<String> };
`;

const THREAT_TYPES = `// The threat that the action answers to: ignore, simulate or escalate. A signal that cannot be weighed has no figures.
type Threat = { class: String, threat_milli?: Long, risk_milli?: Long };
`;

const createTypes = (
  facts: readonly OptionalFact[],
) => `// Who acts. The type says whether it is an agent, a person or a service.
entity Agent, Human, Service = { tenant: String, cell: String };

// What is acted upon: a file path, a URL, an MCP tool or a plain name, in one spelling only.
entity Directory;
entity Path in [Directory] = { path: String, name: String, depth: Long };
entity Host;
entity Url in [Host] = { scheme: String, host: String, path: String, port?: Long, query?: String, ip?: ipaddr };
entity Server;
entity Tool in [Server] = { server: String, name: String };
entity Name = { name: String };

// The parameters by JSON pointer: every scalar as text, whole numbers as numbers, arrays of strings as sets.
entity Arguments tags String;
entity Quantities tags Long;
entity Lists tags Set<String>;

// What the decision may read besides. A fact that could not be had is absent.
type Environment = {
  degraded?: Bool,
  cell_load_milli?: Long,
  network_health_milli?: Long,
  resource_availability_milli?: Long,
};
${facts.includes('history') ? HISTORY_TYPES : ''}${facts.includes('threat') ? THREAT_TYPES : ''}type IntentContext = {
  action_class: String,
  correlation: String,
  reason: String,
  time: datetime,
  policy_verified: Bool,
  trust_milli?: Long,
  environment: Environment,
  arguments: Arguments,
  quantities: Quantities,
  lists: Lists,
${facts.map((fact) => `  ${fact}: ${OPTIONAL_FACTS[fact]},\n`).join('')}};
`;

/**
 * Cedar schema text that fits the requests of this package, for the given action types. An action type that is not listed
 * does not exist for the policies and is denied. `facts` are required in the context besides those that every schema has.
 * Same set of actions and facts in any order: same text.
 * @throws PolicyError POLICY_ACTION_MALFORMED for none, or for one that no intent can carry
 */
export function formatIntentSchema(actionTypes: readonly string[], facts: readonly OptionalFact[] = []): string {
  for (const action of actionTypes) {
    if (!actionTypeSchema.safeParse(action).success) {
      throw new PolicyError('POLICY_ACTION_MALFORMED', `${quoteForMessage(action)} is not an action type`);
    }
  }
  if (actionTypes.length === 0)
    throw new PolicyError('POLICY_ACTION_MALFORMED', 'a schema needs at least one action type');
  const names = [...new Set(actionTypes)].sort().map((action) => `"${action}"`);
  const declared = (Object.keys(OPTIONAL_FACTS) as OptionalFact[]).filter((fact) => facts.includes(fact));
  return `${createTypes(declared)}
action ${names.join(', ')} appliesTo {
  principal: [Agent, Human, Service],
  resource: [Path, Url, Tool, Name],
  context: IntentContext,
};
`;
}
