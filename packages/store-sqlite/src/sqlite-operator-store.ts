import { canonicalize, encodeHex, parseVerifierKey } from '@exoarmur/canonical';
import { actionClassSchema, LogStoreError, type Operator, type OperatorStore } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { readColumn, TenantConnection } from './tenant-connection.ts';

const COLUMNS = 'operator_id, vkey, roles, clearance, actor_ids, is_revoked';

interface OperatorRow {
  readonly operator_id: string;
  readonly vkey: string;
  readonly roles: string;
  readonly clearance: string | null;
  readonly actor_ids: string | null;
  readonly is_revoked: number;
}

/**
 * The operators of one tenant, in the file of the log. Who can write the file can appoint operators: keep it out of reach
 * of whoever sends intents. @throws LogStoreError, and CanonicalError CANONICAL_KEY_MALFORMED from `add`
 */
export function createSqliteOperatorStore(store: SqliteLogStore, tenant: string): OperatorStore {
  const connection = new TenantConnection(store, tenant);
  return {
    add: async ({ operatorId, vkey, roles, clearance, actorIds, isRevoked }) => {
      const { keyId, publicKey } = parseVerifierKey(vkey);
      const inserted = connection.run(
        `INSERT OR IGNORE INTO operators
         VALUES (:tenant, :key, :keyId, :operator, :vkey, :roles, :clearance, :actors, :revoked)`,
        {
          ...{ key: encodeHex(publicKey), keyId: encodeHex(keyId), operator: operatorId, vkey },
          roles: canonicalize(roles),
          clearance: clearance ?? null,
          actors: actorIds === undefined ? null : canonicalize(actorIds),
          revoked: isRevoked ? 1 : 0,
        },
      );
      return inserted === 1 ? 'added' : 'key_taken';
    },
    findByKeyId: async (keyId) =>
      connection
        .rows<OperatorRow>(`SELECT ${COLUMNS} FROM operators WHERE tenant = :tenant AND key_id = :keyId`, { keyId })
        .map(readOperator),
    list: async () =>
      connection
        .rows<OperatorRow>(`SELECT ${COLUMNS} FROM operators WHERE tenant = :tenant ORDER BY operator_id, vkey`)
        .map(readOperator),
    revoke: async (operatorId, vkey) =>
      connection.run(
        `UPDATE operators SET is_revoked = 1
         WHERE tenant = :tenant AND operator_id = :operator AND is_revoked = 0 AND vkey = coalesce(:vkey, vkey)`,
        { operator: operatorId, vkey: vkey ?? null },
      ),
  };
}

function readOperator(row: OperatorRow): Operator {
  const clearance = actionClassSchema.nullable().safeParse(row.clearance);
  // SECURITY: an unreadable clearance must not pass for none, which would mean every class.
  if (!clearance.success) throw new LogStoreError('STORE_CORRUPT', 'an operator is not what was written');
  return {
    operatorId: row.operator_id,
    vkey: row.vkey,
    roles: readColumn(row.roles, readNames),
    ...(clearance.data === null ? {} : { clearance: clearance.data }),
    ...(row.actor_ids === null ? {} : { actorIds: readColumn(row.actor_ids, readNames) }),
    isRevoked: row.is_revoked !== 0,
  };
}

function readNames(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined;
}
