import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import {
  decodeEntryBundle,
  decodeHashTile,
  encodeEntryBundle,
  encodeHashTile,
  entryBundlePath,
  tilePath,
  tilesOfTree,
} from './tile.ts';

describe('tile paths', () => {
  it.each([
    [tilePath(0, 0), 'tile/0/000'],
    [tilePath(0, 273, 112), 'tile/0/273.p/112'],
    [tilePath(1, 1_234_067), 'tile/1/x001/x234/067'],
    [tilePath(2, 1000, 1), 'tile/2/x001/000.p/1'],
    [entryBundlePath(999), 'tile/entries/999'],
    [entryBundlePath(1_234_067, 255), 'tile/entries/x001/x234/067.p/255'],
  ])('are %s', (path, expected) => {
    expect(path).toBe(expected);
  });

  it('refuse levels, indexes and widths out of range', () => {
    for (const run of [
      () => tilePath(-1, 0),
      () => tilePath(6, 0),
      () => tilePath(0, -1),
      () => tilePath(0, 0.5),
      () => tilePath(0, 0, 0),
      () => tilePath(0, 0, 257),
    ]) {
      expect(run).toThrow(RangeError);
    }
  });

  it('lay out 70,000 entries as the specification says', () => {
    const tiles = tilesOfTree(70_000);
    const count = (level: number, full: boolean) =>
      tiles.filter((tile) => tile.level === level && (tile.width === 256) === full);
    expect([count(0, true).length, count(1, true).length, count(2, true).length]).toEqual([273, 1, 0]);
    expect([count(0, false), count(1, false), count(2, false)]).toEqual([
      [{ level: 0, index: 273, width: 112 }],
      [{ level: 1, index: 1, width: 17 }],
      [{ level: 2, index: 0, width: 1 }],
    ]);
    expect(tilesOfTree(0)).toEqual([]);
    expect(() => tilesOfTree(-1)).toThrow(RangeError);
  });
});

describe('tile contents', () => {
  const hashes = Array.from({ length: 256 }, (_, i) => new Uint8Array(32).fill(i));
  const entries = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(65_535).fill(7)];

  it('of hashes are the hashes side by side', () => {
    expect(encodeHashTile(hashes).length).toBe(8192);
    for (const width of [1, 17, 256]) {
      expect(decodeHashTile(encodeHashTile(hashes.slice(0, width)), width)).toEqual(hashes.slice(0, width));
    }
    expectRefusal('CANONICAL_TILE_MALFORMED', () => decodeHashTile(new Uint8Array(64), 1));
    expectRefusal('CANONICAL_TILE_MALFORMED', () => decodeHashTile(new Uint8Array(31), 1));
    for (const bad of [[], [...hashes, ...hashes], [new Uint8Array(31)]])
      expect(() => encodeHashTile(bad)).toThrow(RangeError);
  });

  it('of entries carry a length before each', () => {
    const bytes = encodeEntryBundle(entries);
    expect([...bytes.slice(0, 9)]).toEqual([0, 0, 0, 3, 1, 2, 3, 255, 255]);
    expect(decodeEntryBundle(bytes, 3)).toEqual(entries);
    for (const width of [2, 4]) expectRefusal('CANONICAL_TILE_MALFORMED', () => decodeEntryBundle(bytes, width));
    for (const cut of [1, 2, 3, 8, bytes.length - 1]) {
      expectRefusal('CANONICAL_TILE_MALFORMED', () => decodeEntryBundle(bytes.slice(0, cut), 3));
    }
    expectRefusal('CANONICAL_TILE_MALFORMED', () => decodeEntryBundle(Uint8Array.of(...bytes, 0), 3));
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
