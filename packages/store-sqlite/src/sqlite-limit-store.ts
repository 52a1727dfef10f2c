import type { LimitAnswer, LimitDemand, LimitStore, LimitTaking } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { TenantConnection } from './tenant-connection.ts';

/** A demand with where its key stands. */
interface Standing {
  readonly demand: LimitDemand;
  readonly used: number;
  /** When an entry made now is entered, or when the intent's own was. */
  readonly at: number;
  /** Entries up to here have left the window. */
  readonly cutoff: number;
}

/**
 * What the actions of one tenant took from limits, in the file of the log: taken on disk, in one step over all processes,
 * before it is answered. @throws LogStoreError
 */
export function createSqliteLimitStore(store: SqliteLogStore, tenant: string): LimitStore {
  const connection = new TenantConnection(store, tenant);

  const stand = (intent: string, now: number, demand: LimitDemand): Standing => {
    const { key, windowMs } = demand;
    const [last] = connection.rows<{ at: number | null }>(
      'SELECT max(at) AS at FROM limit_entries WHERE tenant = :tenant AND key = :key',
      { key },
    );
    const time = Math.max(last?.at ?? now, now);
    const cutoff = windowMs === null ? Number.MIN_SAFE_INTEGER : time - windowMs;
    const [others] = connection.rows<{ used: number }>(
      `SELECT coalesce(sum(amount), 0) AS used FROM limit_entries
       WHERE tenant = :tenant AND key = :key AND at > :cutoff AND intent_digest <> :intent`,
      { key, cutoff, intent },
    );
    const [own] = connection.rows<{ at: number }>(
      'SELECT at FROM limit_entries WHERE tenant = :tenant AND intent_digest = :intent AND key = :key AND at > :cutoff',
      { key, cutoff, intent },
    );
    return { demand, used: others?.used ?? 0, at: own?.at ?? time, cutoff };
  };

  const weigh = ({ intentDigest, now, demands }: LimitTaking): { standings: Standing[]; answer: LimitAnswer } => {
    const standings = demands.map((demand) => stand(intentDigest, now, demand));
    const hasRoom = standings.every(({ demand, used }) => demand.amount <= demand.maximum - used);
    const used = standings.map((standing) => standing.used);
    return { standings, answer: { outcome: hasRoom ? 'taken' : 'exhausted', used } };
  };

  return {
    isDurable: true,
    take: (taking) =>
      connection.together(() => {
        const { standings, answer } = weigh(taking);
        if (answer.outcome === 'exhausted' || standings.length === 0) return answer;
        for (const { demand, cutoff } of standings) {
          // What no window reaches any more is not missed, even if this step fails after all.
          connection.run('DELETE FROM limit_entries WHERE tenant = :tenant AND key = :key AND at <= :cutoff', {
            ...{ key: demand.key, cutoff },
          });
        }
        // INVARIANT: one statement for all of it, so that a failing one leaves nothing taken.
        connection.run(
          `INSERT OR REPLACE INTO limit_entries
           SELECT :tenant, :intent, value ->> 'key', value ->> 'at', value ->> 'amount' FROM json_each(:entries)`,
          {
            intent: taking.intentDigest,
            entries: JSON.stringify(standings.map(({ demand: { key, amount }, at }) => ({ key, at, amount }))),
          },
        );
        return answer;
      }),
    read: async (taking) => connection.atomically(() => weigh(taking).answer),
    release: async (intentDigest) => {
      connection.run('DELETE FROM limit_entries WHERE tenant = :tenant AND intent_digest = :intent', {
        intent: intentDigest,
      });
    },
  };
}
