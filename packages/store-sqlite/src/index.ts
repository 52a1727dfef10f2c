export { type BackupResult, backupLog } from './backup.ts';
export { HeadFileKeeper, openHeadFiles } from './head-file.ts';
export { createSqliteApprovalInbox } from './sqlite-approval-inbox.ts';
export { createSqliteGrantStore } from './sqlite-grant-store.ts';
export { openSqliteLogStore, SqliteLogStore, type SqliteLogStoreOptions } from './sqlite-log-store.ts';
export { createSqliteOperatorStore } from './sqlite-operator-store.ts';
export { createSqliteStandingGrantStore } from './sqlite-standing-grant-store.ts';
export { createSqliteSwitchCommandStore } from './sqlite-switch-command-store.ts';
export { openSqliteWitnessStore, SqliteWitnessStore } from './sqlite-witness-store.ts';
