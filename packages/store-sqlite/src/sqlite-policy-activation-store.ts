import { canonicalize } from '@exoarmur/canonical';
import {
  type DowngradeOverride,
  digestSchema,
  downgradeOverrideSchema,
  type JsonObject,
  jsonObjectSchema,
  LogStoreError,
  type PolicyActivationStore,
} from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { readColumn, TenantConnection } from './tenant-connection.ts';

/** Largest row of an activation, in bytes: a bundle of the largest policy set in base64, and its signatures. */
const MAX_FILE_BYTES = 25_165_824;

interface ActivationRow {
  readonly generation: number;
  readonly file: string;
  readonly activated_at: string;
}

interface RefusalRow {
  readonly reason: string;
  readonly bundle_digest: string | null;
  readonly refused_at: string;
}

interface MarkRow {
  readonly generation: number | null;
  readonly activated_at: string | null;
  readonly refused_at: string | null;
}

/**
 * The policy activations of one cell of a tenant, in the file of the log. Bundles are signed, so who can write the file can take back
 * an activation, which the log shows, and make none. @throws LogStoreError
 */
export function createSqlitePolicyActivationStore(
  store: SqliteLogStore,
  tenant: string,
  cell: string,
): PolicyActivationStore {
  const connection = new TenantConnection(store, tenant);
  return {
    isDurable: true,
    list: async ({ before, limit }) =>
      connection
        .rows<ActivationRow>(
          `SELECT generation, file, activated_at FROM policy_activations
           WHERE tenant = :tenant AND cell = :cell AND generation < :before ORDER BY generation DESC LIMIT :limit`,
          { cell, before, limit },
        )
        .map(({ generation, file, activated_at }) => ({
          ...{ generation, activatedAt: activated_at },
          ...readColumn(file, readFile, MAX_FILE_BYTES),
        })),
    append: async ({ generation, envelope, override, activatedAt }) => {
      const inserted = connection.run(
        `INSERT INTO policy_activations SELECT :tenant, :cell, :generation, :file, :time
         WHERE :generation = 1 + (
           SELECT coalesce(max(generation), 0) FROM policy_activations WHERE tenant = :tenant AND cell = :cell
         )`,
        {
          cell,
          generation,
          file: canonicalize({ envelope, override }, { maxBytes: MAX_FILE_BYTES }),
          time: activatedAt,
        },
      );
      return inserted === 1 ? 'appended' : 'generation_taken';
    },
    setRefusal: async (refusal) => {
      if (refusal === null) {
        connection.run('DELETE FROM policy_refusals WHERE tenant = :tenant AND cell = :cell', { cell });
        return;
      }
      const { reason, bundleDigest, refusedAt } = refusal;
      connection.run('INSERT OR REPLACE INTO policy_refusals VALUES (:tenant, :cell, :reason, :digest, :time)', {
        ...{ cell, reason, digest: bundleDigest, time: refusedAt },
      });
    },
    findRefusal: async () => {
      const [row] = connection.rows<RefusalRow>(
        'SELECT reason, bundle_digest, refused_at FROM policy_refusals WHERE tenant = :tenant AND cell = :cell',
        { cell },
      );
      if (row === undefined) return null;
      const digest = digestSchema.nullable().safeParse(row.bundle_digest);
      if (!digest.success) throw new LogStoreError('STORE_CORRUPT', 'a refusal is not what was written');
      return { reason: row.reason, bundleDigest: digest.data, refusedAt: row.refused_at };
    },
    findMark: async () => {
      // One statement, so that activation and refusal are of the same moment.
      const [row] = connection.rows<MarkRow>(
        `SELECT latest.generation, latest.activated_at,
           (SELECT refused_at FROM policy_refusals WHERE tenant = :tenant AND cell = :cell) AS refused_at
         FROM (SELECT 0) LEFT JOIN (
           SELECT generation, activated_at FROM policy_activations WHERE tenant = :tenant AND cell = :cell
           ORDER BY generation DESC LIMIT 1
         ) AS latest`,
        { cell },
      );
      return {
        generation: row?.generation ?? 0,
        activatedAt: row?.activated_at ?? null,
        refusedAt: row?.refused_at ?? null,
      };
    },
  };
}

function readFile(value: unknown): { envelope: JsonObject; override: DowngradeOverride | null } | undefined {
  const file = jsonObjectSchema.safeParse(value);
  const envelope = jsonObjectSchema.safeParse(file.data?.envelope);
  const override = downgradeOverrideSchema.nullable().safeParse(file.data?.override);
  return envelope.success && override.success ? { envelope: envelope.data, override: override.data } : undefined;
}
