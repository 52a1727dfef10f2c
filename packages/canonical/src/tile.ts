import { concatBytes } from './bytes.ts';
import { CanonicalError } from './errors.ts';

/** Sizes of C2SP tlog-tiles. */
export const TILE = Object.freeze({ height: 8, width: 256, maxEntryBytes: 65_535 } as const);

/** A tile that a tree of some size has; `width` below 256 marks a partial one. */
export interface TileCoordinates {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/**
 * The path of a hash tile, `tile/<level>/<index>[.p/<width>]`, with the index in groups of three digits.
 * @throws RangeError for a level outside 0 to 5, an unsafe index or a width outside 1 to 256.
 */
export function tilePath(level: number, index: number, width: number = TILE.width): string {
  if (!Number.isInteger(level) || level < 0 || level > 5) throw new RangeError('tile level is out of range');
  return `tile/${level}/${indexPath(index, width)}`;
}

/** The path of an entry bundle, `tile/entries/<index>[.p/<width>]`. @throws RangeError */
export function entryBundlePath(index: number, width: number = TILE.width): string {
  return `tile/entries/${indexPath(index, width)}`;
}

/** The hash tiles of a tree of `size`: every full one, and the partial one at the end of each level. @throws RangeError */
export function tilesOfTree(size: number): TileCoordinates[] {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('tree size is out of range');
  const tiles: TileCoordinates[] = [];
  let hashes = size;
  for (let level = 0; hashes > 0; level++) {
    const full = Math.floor(hashes / TILE.width);
    for (let index = 0; index < full; index++) tiles.push({ level, index, width: TILE.width });
    if (hashes % TILE.width > 0) tiles.push({ level, index: full, width: hashes % TILE.width });
    hashes = full;
  }
  return tiles;
}

/** The bytes of a hash tile: its hashes side by side. @throws RangeError unless there are 1 to 256 of 32 bytes. */
export function encodeHashTile(hashes: readonly Uint8Array[]): Uint8Array {
  checkWidth(hashes.length);
  if (hashes.some((hash) => hash.length !== 32)) throw new RangeError('a tile holds hashes of 32 bytes');
  return concatBytes(...hashes);
}

/** The hashes of a tile. @throws CanonicalError CANONICAL_TILE_MALFORMED unless it has exactly `width` of them. */
export function decodeHashTile(bytes: Uint8Array, width: number = TILE.width): Uint8Array[] {
  checkWidth(width);
  if (bytes.length !== width * 32) throw malformed(`hash tile has not ${width} hashes`);
  return Array.from({ length: width }, (_, i) => bytes.slice(i * 32, i * 32 + 32));
}

/** The bytes of an entry bundle: a big-endian u16 length before each entry. @throws RangeError for an entry over 65,535 bytes. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  checkWidth(entries.length);
  const parts = entries.flatMap((entry) => {
    if (entry.length > TILE.maxEntryBytes) throw new RangeError(`a log entry has at most ${TILE.maxEntryBytes} bytes`);
    return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry];
  });
  return concatBytes(...parts);
}

/** The entries of a bundle. @throws CanonicalError CANONICAL_TILE_MALFORMED unless it holds exactly `width` entries. */
export function decodeEntryBundle(bytes: Uint8Array, width: number = TILE.width): Uint8Array[] {
  checkWidth(width);
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length && entries.length < width) {
    const length = ((bytes[offset] as number) << 8) | (bytes[offset + 1] ?? 0);
    const end = offset + 2 + length;
    entries.push(bytes.slice(offset + 2, end));
    offset = end;
  }
  if (entries.length !== width || offset !== bytes.length) throw malformed(`entry bundle has not ${width} entries`);
  return entries;
}

function indexPath(index: number, width: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError('tile index is out of range');
  checkWidth(width);
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/[0-9]{3}/g) ?? [];
  const path = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
  return width === TILE.width ? path : `${path}.p/${width}`;
}

function checkWidth(width: number): void {
  if (!Number.isInteger(width) || width < 1 || width > TILE.width) throw new RangeError('tile width is out of range');
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_TILE_MALFORMED', message);
}
