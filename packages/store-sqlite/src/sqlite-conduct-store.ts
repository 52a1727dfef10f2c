import type { ConductCounts, ConductDay, ConductEnd, ConductStore } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { TenantConnection } from './tenant-connection.ts';

interface CountRow {
  readonly outcome: ConductEnd;
  readonly count: number;
}

const NONE: ConductCounts = Object.freeze({ completed: 0, failed: 0, ambiguous: 0, denied: 0 });

/** How the actions of one tenant ended, in the file of the log. @throws LogStoreError */
export function createSqliteConductStore(store: SqliteLogStore, tenant: string): ConductStore {
  const connection = new TenantConnection(store, tenant);
  return {
    isDurable: true,
    observe: async ({ intentDigest: intent, actor, correlation, actionType, end, day }) =>
      connection.atomically(() => {
        const isNew =
          connection.run('INSERT OR IGNORE INTO conduct_actions VALUES (:tenant, :intent)', { intent }) === 1;
        if (!isNew) return false;
        connection.run(
          `INSERT INTO conduct_days VALUES (:tenant, :actor, :day, :end, 1)
           ON CONFLICT DO UPDATE SET count = count + 1`,
          { actor, day, end },
        );
        connection.run(
          `INSERT INTO conduct_correlations VALUES (:tenant, :correlation, :actionType, :end, 1)
           ON CONFLICT DO UPDATE SET count = count + 1`,
          { correlation, actionType, end },
        );
        return true;
      }),
    listDays: async (actor, since) => {
      const days = new Map<number, ConductDay>();
      const rows = connection.rows<CountRow & { readonly day: number }>(
        `SELECT day, outcome, count FROM conduct_days
         WHERE tenant = :tenant AND actor = :actor AND day >= :since ORDER BY day`,
        { actor, since },
      );
      for (const { day, outcome, count } of rows) {
        days.set(day, { ...(days.get(day) ?? { ...NONE, day }), [outcome]: count });
      }
      return [...days.values()];
    },
    readHistory: async ({ actor, correlation, maxTypes }) =>
      connection.atomically(() => ({
        actor: countsOf(
          connection.rows<CountRow>(
            `SELECT outcome, sum(count) AS count FROM conduct_days
             WHERE tenant = :tenant AND actor = :actor GROUP BY outcome`,
            { actor },
          ),
        ),
        correlation: countsOf(
          connection.rows<CountRow>(
            `SELECT outcome, sum(count) AS count FROM conduct_correlations
             WHERE tenant = :tenant AND correlation = :correlation GROUP BY outcome`,
            { correlation },
          ),
        ),
        completedTypes: connection
          .rows<{ action_type: string }>(
            `SELECT action_type FROM conduct_correlations
             WHERE tenant = :tenant AND correlation = :correlation AND outcome = 'completed'
             ORDER BY action_type LIMIT :maxTypes`,
            { correlation, maxTypes },
          )
          .map(({ action_type }) => action_type),
      })),
  };
}

function countsOf(rows: readonly CountRow[]): ConductCounts {
  return { ...NONE, ...Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count])) };
}
