import type { ActionIntent, Clock, Conduct, ConductDay, ConductEnd, ConductStore, Facts } from '@exoarmur/contracts';
import { computeReputation, firstDayOf } from '@exoarmur/policy';
import { readResult } from './action-result.ts';
import type { ActionStream } from './action-stream.ts';

const MS_PER_DAY = 86_400_000;
const MAX_TYPES = 64;

/** Whole days since 1970-01-01, UTC. */
const dayOf = (clock: Clock): number => Math.floor(clock.now() / MS_PER_DAY);

/**
 * What the end of an action says about who asked for it; undefined where it says nothing: the cell stopped the action, nothing
 * ran, a policy erred, nobody answered, or the intent is not readable any more.
 */
export function readConduct(stream: ActionStream, clock: Clock): Conduct | undefined {
  const intent = stream.latest('intent_received');
  const end = readEnd(stream);
  if (intent === undefined || end === undefined) return undefined;
  return {
    intentDigest: stream.intentDigest,
    actor: intent.actor_id,
    correlation: intent.correlation_id,
    actionType: intent.action_type,
    end,
    day: dayOf(clock),
  };
}

function readEnd(stream: ActionStream): ConductEnd | undefined {
  const result = stream.state.phase === 'closed' ? readResult(stream) : undefined;
  switch (result?.status) {
    case 'completed':
    case 'ambiguous':
      return result.status;
    case 'failed':
      return result.code.startsWith('BOUNDARY_') ? undefined : 'failed';
    case 'denied':
      if (result.code === 'BOUNDARY_APPROVAL_DENIED') return 'denied';
      if (result.code !== 'BOUNDARY_DENIED_BY_POLICY' && result.code !== 'BOUNDARY_NO_POLICY_APPLIES') return undefined;
      return result.decision?.pdp.errored_policies.length === 0 ? 'denied' : undefined;
    default:
      return undefined;
  }
}

/**
 * Trust in an actor as its actions earned it, for {@link createFactSource}. A store that fails or
 * holds what is no count leaves trust unknown.
 */
export function createReputation(options: {
  readonly store: ConductStore;
  readonly clock: Clock;
}): (intent: ActionIntent) => Promise<number> {
  const { store, clock } = options;
  const remembered = new WeakMap<readonly ConductDay[], { readonly today: number; readonly trust: number }>();
  return async ({ actor_id: actor }) => {
    const today = dayOf(clock);
    const days = await store.listDays(actor, firstDayOf(today));
    const known = Object.isFrozen(days) ? remembered.get(days) : undefined;
    if (known?.today === today) return known.trust;
    const trust = computeReputation(days, today);
    remembered.set(days, { today, trust });
    return trust;
  };
}

/** What has happened before, for {@link createFactSource}. Null when more happened than a fact can hold. */
export function createHistory(
  store: ConductStore,
): (intent: ActionIntent) => Promise<NonNullable<Facts['history']> | null> {
  return async ({ actor_id: actor, correlation_id: correlation }) => {
    const history = await store.readHistory({ actor, correlation, maxTypes: MAX_TYPES + 1 });
    if (history.completedTypes.length > MAX_TYPES) return null;
    return {
      actor: { ...history.actor },
      correlation: { ...history.correlation },
      completed_types: [...history.completedTypes],
    };
  };
}
