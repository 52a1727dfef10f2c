import { formatTime } from '@exoarmur/canonical';
import type { Probe } from './probe.ts';

/** Oldest Node that the packages run on. */
export const OLDEST_NODE = Object.freeze({ major: 22, minor: 18 });

/** No machine that runs this version shows an earlier time (2026-01-01T00:00:00.000Z). */
export const EARLIEST_TIME_MS = 1_767_225_600_000;

/** Whether this Node is one that the packages are made for. */
export function createNodeProbe(version: string): Probe {
  return {
    name: 'node',
    run: async () => {
      const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
      const isNewer = Number(major) > OLDEST_NODE.major;
      const isPassed = isNewer || (Number(major) === OLDEST_NODE.major && Number(minor) >= OLDEST_NODE.minor);
      return { isPassed, detail: `${version}, needs ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or newer` };
    },
  };
}

/** Whether Node can confine a child process (`--permission`), as an executor out of process needs. */
export function createPermissionProbe(flags: ReadonlySet<string>): Probe {
  return {
    name: 'permission_model',
    run: async () => {
      const isPassed = flags.has('--permission');
      return { isPassed, detail: isPassed ? 'node --permission is there' : 'node has no --permission' };
    },
  };
}

/** The part of `node:sqlite` that is probed. */
export interface SqliteModule {
  readonly DatabaseSync: new (
    path: string,
  ) => { prepare(sql: string): { get(): Record<string, unknown> | undefined }; close(): void };
}

/** Whether the embedded database is compiled in and answers. */
export function createSqliteProbe(load: () => Promise<SqliteModule>): Probe {
  return {
    name: 'sqlite',
    run: async () => {
      const { DatabaseSync } = await load();
      const database = new DatabaseSync(':memory:');
      try {
        const row = database.prepare('SELECT sqlite_version() AS version, 6 * 7 AS product').get();
        return { isPassed: row?.product === 42, detail: `SQLite ${String(row?.version)}` };
      } finally {
        database.close();
      }
    },
  };
}

/** Whether the wall clock shows a possible time and agrees with the monotonic one. */
export function createClockProbe(now: () => number, monotonicNow: () => number): Probe {
  return {
    name: 'clock',
    run: async () => {
      const time = now();
      const driftMs = Math.abs(time - monotonicNow());
      const isPassed = time >= EARLIEST_TIME_MS && driftMs < 60_000;
      const shown = formatTime(Math.trunc(time));
      return { isPassed, detail: `${shown}, ${driftMs < 60_000 ? 'steady' : 'jumped since the process began'}` };
    },
  };
}

/** Whether a file can be made, read back and removed in a folder. */
export function createFolderProbe(roundTrip: (bytes: Uint8Array) => Promise<Uint8Array>): Probe {
  return {
    name: 'temporary_folder',
    run: async () => {
      const written = Uint8Array.of(0, 10, 13, 255);
      const read = await roundTrip(written);
      const isPassed = read.length === written.length && read.every((byte, index) => byte === written[index]);
      return { isPassed, detail: isPassed ? 'written, read back and removed' : 'read back other bytes' };
    },
  };
}
