import { fixValue, notePassed } from '@exoarmur/canonical';
import {
  type ActionClass,
  type ActionIntent,
  type ApprovalFact,
  type BudgetFacts,
  type Facts,
  factsSchema,
  type SwitchStore,
  type ThreatSignal,
} from '@exoarmur/contracts';
import { classifyThreat } from '@exoarmur/policy';
import { settleWithin } from './deadline.ts';

/** What a fact source knows about the world; the boundary adds time, approvals, class floor and budgets. */
export type GatheredFacts = Omit<Facts, 'schema' | 'time' | 'approvals' | 'action_class_floor' | 'budgets'>;

/** Where the facts of a decision come from: kill switches, trust, the state of the environment. */
export interface FactSource {
  gather(intent: ActionIntent): Promise<GatheredFacts>;
}

/** What a fact source can get wrong; where the budgets stand is worked out here. */
const uncountedSchema = factsSchema.omit({ budgets: true });

/** What is known when nothing is known. The safety gate denies on it. */
export const UNKNOWN_FACTS: GatheredFacts = Object.freeze({
  policy_verified: false,
  switches: Object.freeze({ global: 'unknown', tenant: 'unknown', actor: 'unknown', action_class: 'unknown' }),
  trust_milli: null,
  environment: Object.freeze({
    degraded: null,
    cell_load_milli: null,
    network_health_milli: null,
    resource_availability_milli: null,
  }),
});

/**
 * A fact source from its parts. Each part answers for its own facts only: one that throws leaves its facts unknown.
 * Trust and environment have no default source, because a made-up number would be a fact that nobody established.
 */
export function createFactSource(options: {
  readonly policyVerified: boolean;
  readonly switches: SwitchStore;
  readonly trust: (intent: ActionIntent) => Promise<number | null> | number | null;
  readonly environment: () => Promise<Facts['environment']> | Facts['environment'];
  /** What has happened before; without it no decision reads it. */
  readonly history?: (intent: ActionIntent) => Promise<Facts['history']>;
  /** What is known of the threat that an action answers to; it is classified here. Without it no decision reads it. */
  readonly threat?: (intent: ActionIntent) => Promise<ThreatSignal> | ThreatSignal;
}): FactSource {
  const { policyVerified, switches, trust, environment, history, threat } = options;
  return {
    gather: async (intent) => {
      const [read, trusted, seen, before, classified] = await Promise.allSettled([
        (async () =>
          switches.read({ tenant: intent.tenant_id, actor: intent.actor_id, actionClass: intent.action_class }))(),
        (async () => trust(intent))(),
        (async () => environment())(),
        (async () => history?.(intent))(),
        (async () => (threat === undefined ? null : classifyThreat(await threat(intent))))(),
      ]);
      return {
        policy_verified: policyVerified,
        switches: read.status === 'fulfilled' ? read.value : UNKNOWN_FACTS.switches,
        trust_milli: trusted.status === 'fulfilled' ? trusted.value : null,
        environment: seen.status === 'fulfilled' ? seen.value : UNKNOWN_FACTS.environment,
        ...(history === undefined ? {} : { history: before.status === 'fulfilled' ? (before.value ?? null) : null }),
        ...(threat === undefined ? {} : { threat: classified.status === 'fulfilled' ? classified.value : null }),
      };
    },
  };
}

/**
 * Whether facts or a decision, as their schema has copied them, have a canonical form: what the schemas let pass and canonical
 * JSON does not is an undefined member, a negative zero and a lone surrogate. Costs less than the text, which nobody needs yet.
 */
export function canBeWritten(value: unknown): boolean {
  switch (typeof value) {
    case 'boolean':
      return true;
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0);
    case 'object':
      if (value === null) return true;
      for (const key of Object.keys(value)) {
        if (!canBeWritten((value as Readonly<Record<string, unknown>>)[key])) return false;
      }
      return true;
    default:
      return false;
  }
}

/**
 * The facts of one decision. A source that throws, hangs, or answers with another shape is taken for one that knows
 * nothing: a missing fact never widens.
 */
export async function gatherFacts(options: {
  readonly source: FactSource;
  readonly intent: ActionIntent;
  readonly time: string;
  readonly approvals: readonly ApprovalFact[];
  /** Least class of the action by the manifest of its executor. */
  readonly classFloor: ActionClass | null;
  readonly timeoutMs: number;
  /** Where the budgets stand, once it is known; undefined where none are kept. */
  readonly budgets?: Promise<BudgetFacts | undefined>;
}): Promise<Facts> {
  const { source, intent, time, approvals, classFloor, timeoutMs } = options;
  const complete = (gathered: GatheredFacts): Facts => ({
    ...gathered,
    schema: 'exoarmur.facts/1',
    time,
    approvals: [...approvals],
    action_class_floor: classFloor,
  });
  // SECURITY: an answer of somebody else's may throw when it is read, so it is read to the end in here.
  const read = async () => {
    const parsed = uncountedSchema.parse(complete(await source.gather(intent)));
    // A negative zero and a member that is undefined have the shape of a fact, but nobody could write them down.
    return canBeWritten(parsed) ? parsed : undefined;
  };
  const [settled, budgets] = await Promise.all([settleWithin(timeoutMs, read), options.budgets]);
  const counted = budgets === undefined ? {} : { budgets };
  const known = settled.outcome === 'returned' ? settled.value : undefined;
  if (known === undefined) return fixValue({ ...complete(UNKNOWN_FACTS), ...counted });
  const facts = fixValue({ ...known, ...counted });
  notePassed(facts, factsSchema);
  return facts;
}
