// A process of its own for the crash and race tests: opens the log, appends, ingests or claims, prints what was acknowledged.
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createAuditLog, createIngestor } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import { isExoArmurError } from '@exoarmur/contracts';
import {
  createSqliteConductStore,
  createSqliteGrantStore,
  createSqliteLimitStore,
  createSqliteStandingGrantStore,
  openHeadFiles,
  openSqliteLogStore,
} from '../src/index.ts';

const [mode = '', path = '', heads = '', seedText = '0', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const clock = { now: () => Date.now() };
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const store = openSqliteLogStore({ path, busyTimeoutMs: 30_000 });
const log = createAuditLog({
  store,
  heads: openHeadFiles(heads),
  signer: createSigner('cell-1.test/demo', new Uint8Array(32).fill(7)),
  clock,
  random,
  tenant: 'demo',
  cell: 'cell-1',
  origin: 'cell-1.test/demo',
});
const actor = { type: 'service', id: 'worker' } as const;

/** Written at once and synchronously: what the parent reads was acknowledged before the process died. */
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

if (mode === 'append') {
  say('ready');
  await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (let i = 0; ; i++) {
        const draft = { stream: `w-${seedText}-${lane}`, correlation: 'load', trace: null, actor } as const;
        const { index, leafHash } = await log.appendCell({ ...draft, kind: 'switch_changed', payload: { i } });
        say(`${index} ${leafHash}`);
      }
    }),
  );
}

if (mode === 'ingest') {
  const ingestor = createIngestor({ log, clock, random, key: new Uint8Array(32).fill(3) });
  // Shuffled by a linear congruence, each event twice, the second time at another place of the order.
  const order = Array.from({ length: 2 * count }, (_, i) => (i * 7919 + Number(seedText)) % count);
  const changed = Number(seedText) === 1 ? 4242 % count : -1;
  let conflicts = 0;
  for (let from = 0; from < order.length; from += 500) {
    await Promise.all(
      order.slice(from, from + 500).map(async (id, offset) => {
        const isLate = id === changed && from + offset >= count;
        const text = JSON.stringify({ id: `event-${id}`, type: 'telemetry', value: isLate ? 'changed' : id });
        try {
          await ingestor.ingest({ format: 'json', source: 'sensor', text, actor });
        } catch (error) {
          if (!isExoArmurError(error) || error.code !== 'AUDIT_INGEST_CONFLICT') throw error;
          conflicts++;
        }
      }),
    );
  }
  await log.close();
  await store.close();
  say(`conflicts ${conflicts}`);
}

if (mode === 'claim') {
  const digestOf = (n: number): `sha256:${string}` => `sha256:${n.toString(16).padStart(64, '0')}`;
  const grants = createSqliteGrantStore(store, 'demo');
  const standing = createSqliteStandingGrantStore(store, 'demo');
  const limits = createSqliteLimitStore(store, 'demo');
  const ends = createSqliteConductStore(store, 'demo');
  for (let i = 0; i < count; i++) {
    // Every process claims every grant, in an order of its own, and asks for a use of its own each time.
    const n = (i * 7919 + Number(seedText) * 31) % count;
    const claimed = await grants.claim({ grantDigest: digestOf(n), intentDigest: digestOf(n), purpose: 'redeem' });
    if (claimed.outcome === 'claimed') say(`claimed ${n}`);
    const intentDigest = digestOf(Number(seedText) * count + i);
    const used = await standing.use({ standingGrantDigest: digestOf(9), intentDigest, maxUses: 100 });
    if (used.outcome === 'used') say(`used ${used.use}`);
    const demands = [{ key: 'all', amount: 1, maximum: 100, windowMs: null }];
    const taken = await limits.take({ intentDigest, now: clock.now(), demands });
    if (taken.outcome === 'taken') say(`took ${taken.used[0]}`);
    const conduct = { intentDigest: digestOf(n), actor: 'agent', correlation: 'c', actionType: 't' } as const;
    if (await ends.observe({ ...conduct, end: 'completed', day: 1 })) say(`ended ${n}`);
  }
  await store.close();
}
