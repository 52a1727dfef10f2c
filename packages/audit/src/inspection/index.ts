export { exportStream, proveGrowth, proveRecord } from './evidence.ts';
export {
  type FsckCounts,
  type FsckFinding,
  type FsckFindingCode,
  type FsckOptions,
  type FsckReport,
  fsckLog,
} from './fsck.ts';
export { exportTiles, type TileFile } from './tiles.ts';
