import type { AuditLogStore } from '@exoarmur/contracts';
import { TILE_WIDTH } from '../internal/growing-tree.ts';
import { parseRecord } from '../reader/record.ts';
import { isTrailKind } from './draft.ts';

const PAGE = 1000;

interface Begun {
  first: number;
  last: number;
  isAction: boolean;
}

/**
 * The greatest index below which everything is older than `before` and may go: whole tiles only, no action that is still
 * open or that would lose its beginning, and of a stream of the cell at least the last record, on which the next builds.
 */
export async function findPrunePoint(store: AuditLogStore, tenant: string, before: string): Promise<number> {
  const first = await store.firstIndex(tenant);
  const { size } = await store.head(tenant);
  const begun = new Map<string, Begun>();
  const ended: { first: number; last: number }[] = [];
  let end = first;
  scan: for (let from = first; from < size; from += PAGE) {
    for (const { index, bytes } of await store.entries(tenant, { from, limit: PAGE })) {
      const record = parseRecord(bytes);
      if (record.time >= before) break scan;
      end = index + 1;
      if (record.kind === 'event_ingested') continue;
      const stream = begun.get(record.stream) ?? { first: index, last: index, isAction: isTrailKind(record.kind) };
      stream.last = index;
      if (record.kind !== 'stream_closed') begun.set(record.stream, stream);
      else {
        begun.delete(record.stream);
        ended.push(stream);
      }
    }
  }
  for (const [name, { first: begin, isAction }] of begun) {
    const [last] = await store.lastOfStreams(tenant, [name]);
    end = Math.min(end, isAction ? begin : (last?.index ?? begin));
  }
  return alignBelow(end, first, ended);
}

/** Moves the point down to a tile boundary that no ended action straddles. */
function alignBelow(end: number, first: number, ended: readonly { first: number; last: number }[]): number {
  for (let point = end; ; ) {
    point = Math.floor(point / TILE_WIDTH) * TILE_WIDTH;
    const cut = ended.filter((stream) => stream.first < point && stream.last >= point);
    if (cut.length === 0) return Math.max(point, first);
    point = Math.min(...cut.map((stream) => stream.first));
  }
}
