import { encodeEntryBundle, encodeUtf8, entryBundlePath, TILE, tilePath, tilesOfTree } from '@exoarmur/canonical';
import type { AuditLogStore } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { joinHashes } from '../internal/growing-tree.ts';
import { LogTree } from '../internal/log-tree.ts';

/** One file of a C2SP tlog-tiles log, ready for any static web server. */
export interface TileFile {
  /** Relative, `/` between its parts. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The log as static files (C2SP tlog-tiles): hash tiles, entry bundles and, last, `checkpoint`, so that a copy that stops
 * half way never promises what it does not hold. Bundles of pruned entries are left out.
 * @throws AuditError AUDIT_RECORD_NOT_FOUND when nothing was signed yet, AUDIT_LOG_CORRUPT.
 */
export async function* exportTiles(
  store: AuditLogStore,
  tenant: string,
): AsyncGenerator<TileFile, { readonly size: number }, void> {
  const signed = await store.latestNote(tenant);
  if (signed === null) throw new AuditError('AUDIT_RECORD_NOT_FOUND', 'log has no signed checkpoint yet');
  const { size, note } = signed;
  const first = await store.firstIndex(tenant);
  const tree = new LogTree(store, tenant);
  for (const { level, index, width } of tilesOfTree(size)) {
    const hashes = await tree.tile(level, index, size);
    yield { path: tilePath(level, index, width), bytes: joinHashes(hashes) };
    if (level !== 0 || index * TILE.width < first) continue;
    const entries = await store.entries(tenant, { from: index * TILE.width, limit: width });
    if (entries.length !== width) throw new AuditError('AUDIT_LOG_CORRUPT', `entries of bundle ${index} are missing`);
    yield { path: entryBundlePath(index, width), bytes: encodeEntryBundle(entries.map(({ bytes }) => bytes)) };
  }
  yield { path: 'checkpoint', bytes: encodeUtf8(note) };
  return { size };
}
