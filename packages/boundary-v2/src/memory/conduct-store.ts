import type { ConductCounts, ConductEnd, ConductStore, Digest } from '@exoarmur/contracts';

type Tally = { [End in ConductEnd]: number };
const createTally = (): Tally => ({ completed: 0, failed: 0, ambiguous: 0, denied: 0 });

/** A store of conduct in the memory of one process. */
export function createMemoryConductStore(): ConductStore {
  const counted = new Set<Digest>();
  const days = new Map<string, Map<number, Tally>>();
  const actors = new Map<string, Tally>();
  const correlations = new Map<string, { readonly tally: Tally; readonly completed: Set<string> }>();
  return {
    isDurable: false,
    // INVARIANT: no await between looking and counting, which is what makes it one step.
    observe: async ({ intentDigest, actor, correlation, actionType, end, day }) => {
      if (counted.has(intentDigest)) return false;
      counted.add(intentDigest);
      const ofActor = obtain(days, actor, () => new Map<number, Tally>());
      obtain(ofActor, day, createTally)[end] += 1;
      obtain(actors, actor, createTally)[end] += 1;
      const seen = obtain(correlations, correlation, () => ({ tally: createTally(), completed: new Set<string>() }));
      seen.tally[end] += 1;
      if (end === 'completed') seen.completed.add(actionType);
      return true;
    },
    listDays: async (actor, sinceDay) =>
      [...(days.get(actor) ?? [])]
        .filter(([day]) => day >= sinceDay)
        .sort(([a], [b]) => a - b)
        .map(([day, tally]) => ({ day, ...tally })),
    readHistory: async ({ actor, correlation, maxTypes }) => {
      const seen = correlations.get(correlation);
      const copy = (tally: Tally | undefined): ConductCounts => ({ ...(tally ?? createTally()) });
      return {
        actor: copy(actors.get(actor)),
        correlation: copy(seen?.tally),
        completedTypes: [...(seen?.completed ?? [])].sort().slice(0, maxTypes),
      };
    },
  };
}

function obtain<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}
