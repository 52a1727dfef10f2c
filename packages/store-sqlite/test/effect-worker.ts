// A boundary in a process of its own, to be killed at any moment: takes every intent up, or recovers what is left. Each effect
// is one line appended to a file, on disk before it counts; before it, another connection has to see the authorisation.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createAuditLog } from '@exoarmur/audit/writer';
import { isExoArmurError } from '@exoarmur/contracts';
import { createSqliteGrantStore, openHeadFiles, openSqliteLogStore } from '../src/index.ts';
import { createBoundary, intentOf } from './effect-rig.ts';
import { ORIGIN, SIGNER } from './logs.ts';

const [mode = '', path = '', heads = '', effects = '', seedText = '0', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const clock = { now: () => Date.now() };
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const open = () => openSqliteLogStore({ path, busyTimeoutMs: 60_000 });
const store = open();
const reader = open();
const scope = { tenant: 'demo', cell: 'cell-1', origin: ORIGIN };
const boundary = createBoundary({
  ...{ clock, random, readSwitch: () => 'clear', grants: createSqliteGrantStore(store, 'demo') },
  log: createAuditLog({ ...scope, store, heads: openHeadFiles(heads), signer: SIGNER, clock, random }),
  execute: async ({ intent_id }) => {
    const entries = await reader.stream('demo', intent_id);
    const last = JSON.parse(new TextDecoder().decode(entries.at(-1)?.bytes)).kind;
    const file = openSync(effects, 'a');
    writeSync(file, `${intent_id} ${last}\n`);
    fsyncSync(file);
    closeSync(file);
    return { success: true, error_code: null, claimed: {}, observed: {} };
  },
});

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

say('ready');
for (let i = 0; i < count; i++) {
  // Every process takes every intent, in an order of its own.
  const id = `intent-${(i * 7919 + Number(seedText) * 31) % count}`;
  try {
    const end = mode === 'recover' ? await boundary.recover(id) : await boundary.execute(intentOf(id, '/ok/x'));
    say(`${id} ${end.status} ${end.isClosed}`);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    say(`${id} ${error.code}`);
  }
}
