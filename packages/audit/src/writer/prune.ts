import { type AuditLogStore, isTrailKind } from '@exoarmur/contracts';
import { TILE_WIDTH } from '../internal/growing-tree.ts';
import { parseRecord } from '../reader/record.ts';
import { endsStream } from './draft.ts';

const PAGE = 1000;

interface Begun {
  readonly first: number;
  readonly isAction: boolean;
}

/**
 * The greatest index below which everything is older than `before` and may go: whole tiles only, nothing of an action that
 * is still open or ended later, and of a stream of the cell at least the last record, on which the next builds. The action
 * at the point itself may lose its beginning; all of it is older than `before`, and the next pruning takes the rest.
 */
export async function findPrunePoint(store: AuditLogStore, tenant: string, before: string): Promise<number> {
  const first = await store.firstIndex(tenant);
  const { size } = await store.head(tenant);
  const begun = new Map<string, Begun>();
  let end = first;
  scan: for (let from = first; from < size; from += PAGE) {
    for (const { index, bytes } of await store.entries(tenant, { from, limit: PAGE })) {
      const record = parseRecord(bytes);
      if (record.time >= before) break scan;
      end = index + 1;
      if (record.kind === 'event_ingested') continue;
      if (endsStream(record.kind)) begun.delete(record.stream);
      else if (!begun.has(record.stream)) {
        begun.set(record.stream, { first: index, isAction: isTrailKind(record.kind) });
      }
    }
  }
  for (const [name, { first: begin, isAction }] of begun) {
    const [last] = await store.lastOfStreams(tenant, [name]);
    end = Math.min(end, isAction ? begin : (last?.index ?? begin));
  }
  return Math.max(first, Math.floor(end / TILE_WIDTH) * TILE_WIDTH);
}
