import { canonicalize } from '@exoarmur/canonical';
import { type ApprovalInbox, approvalRequestSchema, type OpenRequest } from '@exoarmur/contracts';
import type { SqliteLogStore } from './sqlite-log-store.ts';
import { readColumn, TenantConnection } from './tenant-connection.ts';

const COLUMNS = 'stream, correlation, requested_at, request';

interface RequestRow {
  readonly stream: string;
  readonly correlation: string;
  readonly requested_at: string;
  readonly request: string;
}

/** The open requests for approval of one tenant, in the file of the log. @throws LogStoreError */
export function createSqliteApprovalInbox(store: SqliteLogStore, tenant: string): ApprovalInbox {
  const connection = new TenantConnection(store, tenant);
  return {
    put: async ({ stream, correlation, requestedAt, request }) => {
      connection.run('INSERT OR REPLACE INTO open_requests VALUES (:tenant, :stream, :correlation, :at, :request)', {
        ...{ stream, correlation, at: requestedAt, request: canonicalize(request) },
      });
    },
    remove: async (stream) => {
      connection.run('DELETE FROM open_requests WHERE tenant = :tenant AND stream = :stream', { stream });
    },
    find: async (stream) => {
      const sql = `SELECT ${COLUMNS} FROM open_requests WHERE tenant = :tenant AND stream = :stream`;
      return connection.rows<RequestRow>(sql, { stream }).map(readRequest)[0];
    },
    list: async ({ after, limit }) =>
      connection
        .rows<RequestRow>(
          `SELECT ${COLUMNS} FROM open_requests WHERE tenant = :tenant AND (requested_at, stream) > (:at, :stream)
           ORDER BY requested_at, stream LIMIT :limit`,
          { at: after?.requestedAt ?? '', stream: after?.stream ?? '', limit },
        )
        .map(readRequest),
  };
}

function readRequest({ stream, correlation, requested_at, request }: RequestRow): OpenRequest {
  return {
    ...{ stream, correlation, requestedAt: requested_at },
    request: readColumn(request, (value) => approvalRequestSchema.safeParse(value).data),
  };
}
