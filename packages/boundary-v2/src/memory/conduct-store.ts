import type { ConductCounts, ConductDay, ConductEnd, ConductStore, Digest } from '@exoarmur/contracts';

type Tally = { [End in ConductEnd]: number };
const createTally = (): Tally => ({ completed: 0, failed: 0, ambiguous: 0, denied: 0 });

/** A store of conduct in the memory of one process. */
export function createMemoryConductStore(): ConductStore {
  const counted = new Set<Digest>();
  /** In ascending order; neither a list nor a day is ever changed, so that a reader may remember what it made of one. */
  const days = new Map<string, readonly ConductDay[]>();
  const actors = new Map<string, Tally>();
  const correlations = new Map<string, { readonly tally: Tally; readonly completed: Set<string> }>();
  return {
    isDurable: false,
    // INVARIANT: no await between looking and counting, which is what makes it one step.
    observe: async ({ intentDigest, actor, correlation, actionType, end, day }) => {
      if (counted.has(intentDigest)) return false;
      counted.add(intentDigest);
      days.set(actor, countDay(days.get(actor) ?? [], day, end));
      obtain(actors, actor, createTally)[end] += 1;
      const seen = obtain(correlations, correlation, () => ({ tally: createTally(), completed: new Set<string>() }));
      seen.tally[end] += 1;
      if (end === 'completed') seen.completed.add(actionType);
      return true;
    },
    listDays: async (actor, sinceDay) => {
      const all = days.get(actor) ?? [];
      return (all[0]?.day ?? sinceDay) >= sinceDay ? all : all.filter(({ day }) => day >= sinceDay);
    },
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

function countDay(days: readonly ConductDay[], day: number, end: ConductEnd): readonly ConductDay[] {
  const found = days.findLastIndex((one) => one.day <= day);
  const known = days[found]?.day === day ? days[found] : undefined;
  const counted = Object.freeze({ ...(known ?? { day, ...createTally() }), [end]: (known?.[end] ?? 0) + 1 });
  return Object.freeze(known === undefined ? days.toSpliced(found + 1, 0, counted) : days.with(found, counted));
}

function obtain<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}
