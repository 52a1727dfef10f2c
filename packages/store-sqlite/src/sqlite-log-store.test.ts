import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logStoreConformance } from '@exoarmur/audit/testing';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { openSqliteLogStore } from './index.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('SqliteLogStore', () => {
  it.each(logStoreConformance)('$rule', async ({ run }) => {
    await run(async () => openSqliteLogStore({ path: join(folder, 'log.db') }));
  });
});
