import { type ClaimResult, digestSchema, type GrantClaim, type GrantStore, LogStoreError } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { TenantConnection } from './tenant-connection.ts';

interface ClaimRow {
  readonly grant_digest: string;
  readonly intent_digest: string;
  readonly purpose: string;
}

/**
 * The used-up grants of one tenant, in the file of the log. One statement claims, so of any number of processes exactly one
 * wins, and the claim is on disk before it is answered; claims that come together share the wait for it. Claims are never deleted. @throws LogStoreError
 */
export function createSqliteGrantStore(store: SqliteLogStore, tenant: string): GrantStore {
  const connection = new TenantConnection(store, tenant);
  return {
    isDurable: true,
    claim: ({ grantDigest, intentDigest, purpose }) => {
      const values = { intent: intentDigest, grant: grantDigest };
      return connection.together((): ClaimResult => {
        const inserted = connection.run(
          'INSERT OR IGNORE INTO grant_claims VALUES (:tenant, :intent, :grant, :purpose)',
          { ...values, purpose },
        );
        if (inserted === 1) return { outcome: 'claimed' };
        const [row] = connection.rows<ClaimRow>(
          `SELECT grant_digest, intent_digest, purpose FROM grant_claims
           WHERE tenant = :tenant AND (intent_digest = :intent OR grant_digest = :grant)
           ORDER BY intent_digest <> :intent LIMIT 1`,
          values,
        );
        return { outcome: 'taken', by: readClaim(row) };
      });
    },
  };
}

function readClaim(row: ClaimRow | undefined): GrantClaim {
  const grant = digestSchema.safeParse(row?.grant_digest);
  const intent = digestSchema.safeParse(row?.intent_digest);
  const purpose = row?.purpose;
  // SECURITY: a claim nobody can read must not pass for one that proves that nothing ran.
  if (!grant.success || !intent.success || (purpose !== 'redeem' && purpose !== 'void')) {
    throw new LogStoreError('STORE_CORRUPT', 'a claim on a grant is not what was written');
  }
  return { grantDigest: grant.data, intentDigest: intent.data, purpose };
}
