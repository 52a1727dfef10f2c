export { type BackupResult, backupLog } from './backup.ts';
export { HeadFileKeeper, openHeadFiles } from './head-file.ts';
export { openSqliteLogStore, SqliteLogStore, type SqliteLogStoreOptions } from './sqlite-log-store.ts';
export { openSqliteWitnessStore, SqliteWitnessStore } from './sqlite-witness-store.ts';
