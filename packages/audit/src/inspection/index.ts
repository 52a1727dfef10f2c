export { exportStream, proveGrowth, proveRecord } from './evidence.ts';
export type { FsckCounts, FsckFinding, FsckFindingCode, FsckReport } from './finding.ts';
export { type FsckOptions, type FsckParts, fsckLog, surveyRange } from './fsck.ts';
export type { EnteringStream, LogRange, OpenStream, RangeSurvey } from './range-survey.ts';
export { exportTiles, type TileFile } from './tiles.ts';
