import { canonicalize } from '@exoarmur/canonical';
import { jsonObjectSchema, type SwitchCommandStore } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { readColumn, TenantConnection } from './tenant-connection.ts';

interface CommandRow {
  readonly sequence: number;
  readonly envelope: string;
  readonly is_recorded: number;
}

/**
 * The switch commands of one cell of a tenant, in the file of the log. They are signed, so who can write the file can hide
 * or withhold one, and make none. @throws LogStoreError
 */
export function createSqliteSwitchCommandStore(
  store: SqliteLogStore,
  tenant: string,
  cell: string,
): SwitchCommandStore {
  const connection = new TenantConnection(store, tenant);
  return {
    isDurable: true,
    append: async ({ sequence, envelope, isRecorded }) => {
      const inserted = connection.run(
        `INSERT INTO switch_commands SELECT :tenant, :cell, :sequence, :envelope, :recorded
         WHERE NOT EXISTS (
           SELECT 1 FROM switch_commands WHERE tenant = :tenant AND cell = :cell AND sequence >= :sequence
         )`,
        { cell, sequence, envelope: canonicalize(envelope), recorded: isRecorded ? 1 : 0 },
      );
      return inserted === 1 ? 'appended' : 'sequence_taken';
    },
    list: async ({ after, limit }) =>
      connection
        .rows<CommandRow>(
          `SELECT sequence, envelope, is_recorded FROM switch_commands
           WHERE tenant = :tenant AND cell = :cell AND sequence > :after ORDER BY sequence LIMIT :limit`,
          { cell, after, limit },
        )
        .map(({ sequence, envelope, is_recorded }) => ({
          sequence,
          envelope: readColumn(envelope, (value) => jsonObjectSchema.safeParse(value).data),
          isRecorded: is_recorded !== 0,
        })),
    markRecorded: async (sequence) => {
      connection.run(
        'UPDATE switch_commands SET is_recorded = 1 WHERE tenant = :tenant AND cell = :cell AND sequence = :sequence',
        { cell, sequence },
      );
    },
  };
}
