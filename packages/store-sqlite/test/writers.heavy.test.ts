import { join } from 'node:path';
import { fsckLog } from '@exoarmur/audit/inspection';
import { describe, expect, it } from 'vitest';
import { openHeadFiles, openSqliteLogStore } from '../src/index.ts';
import { SIGNER, useFolder } from './logs.ts';
import { startWorker } from './processes.ts';

const folder = useFolder();

describe('two processes', () => {
  it('ingest the same 10,000 events at once, shuffled and twice each: one record per event, one named conflict', async () => {
    const path = join(folder(), 'log.db');
    const heads = join(folder(), 'heads');
    const workers = ['1', '2'].map((seed) => startWorker('ingest', path, heads, seed, '10000'));
    await Promise.all(workers.map(({ ended }) => ended));
    expect(workers.map(({ lines }) => lines().at(-1))).toEqual(['conflicts 1', 'conflicts 0']);
    const store = openSqliteLogStore({ path });
    const keeper = openHeadFiles(heads);
    const report = await fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, heads: keeper });
    expect(report).toMatchObject({ outcome: 'sound', size: 10_000, counts: { records: 10_000 } });
    await store.close();
    await keeper.close();
  }, 600_000);
});
