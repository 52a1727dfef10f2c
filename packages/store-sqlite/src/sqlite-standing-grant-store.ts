import { canonicalize } from '@exoarmur/canonical';
import { type Digest, jsonObjectSchema, type KeptStandingGrant, type StandingGrantStore } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { readColumn, TenantConnection } from './tenant-connection.ts';

interface GrantRow {
  readonly digest: Digest;
  readonly envelope: string;
  readonly is_revoked: number;
  readonly uses: number;
}

/**
 * The standing grants of one tenant, in the file of the log: a use is counted on disk, in one step over all processes,
 * before it is answered. @throws LogStoreError
 */
export function createSqliteStandingGrantStore(store: SqliteLogStore, tenant: string): StandingGrantStore {
  const connection = new TenantConnection(store, tenant);
  return {
    isDurable: true,
    add: async ({ standingGrantDigest, envelope }) => {
      connection.run('INSERT OR IGNORE INTO standing_grants VALUES (:tenant, :digest, :envelope, 0)', {
        digest: standingGrantDigest,
        envelope: canonicalize(envelope),
      });
    },
    list: async () =>
      connection
        .rows<GrantRow>(
          `SELECT g.digest, g.envelope, g.is_revoked, (
             SELECT count(*) FROM standing_grant_uses u WHERE u.tenant = g.tenant AND u.digest = g.digest
           ) AS uses FROM standing_grants g WHERE g.tenant = :tenant ORDER BY g.digest`,
        )
        .map(readGrant),
    use: async ({ standingGrantDigest: digest, intentDigest: intent, maxUses }) =>
      connection.together(() => {
        const [grant] = connection.rows<Pick<GrantRow, 'is_revoked'>>(
          'SELECT is_revoked FROM standing_grants WHERE tenant = :tenant AND digest = :digest',
          { digest },
        );
        if (grant === undefined) return { outcome: 'unknown' };
        if (grant.is_revoked !== 0) return { outcome: 'revoked' };
        const [known] = connection.rows<{ number: number }>(
          `SELECT number FROM standing_grant_uses
           WHERE tenant = :tenant AND digest = :digest AND intent_digest = :intent`,
          { digest, intent },
        );
        if (known !== undefined) return { outcome: 'used', use: known.number };
        const [counted] = connection.rows<{ uses: number }>(
          'SELECT count(*) AS uses FROM standing_grant_uses WHERE tenant = :tenant AND digest = :digest',
          { digest },
        );
        const use = (counted?.uses ?? 0) + 1;
        if (use > maxUses) return { outcome: 'exhausted' };
        connection.run('INSERT INTO standing_grant_uses VALUES (:tenant, :digest, :intent, :use)', {
          digest,
          intent,
          use,
        });
        return { outcome: 'used', use };
      }),
    revoke: async (digest) =>
      connection.run(
        'UPDATE standing_grants SET is_revoked = 1 WHERE tenant = :tenant AND digest = :digest AND is_revoked = 0',
        { digest },
      ) === 1,
  };
}

function readGrant({ digest, envelope, uses, is_revoked }: GrantRow): KeptStandingGrant {
  return {
    standingGrantDigest: digest,
    envelope: readColumn(envelope, (value) => jsonObjectSchema.safeParse(value).data),
    uses,
    isRevoked: is_revoked !== 0,
  };
}
