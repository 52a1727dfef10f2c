// node bench/boundary-latency.ts [SECONDS]: what one governed action costs with an executor that does nothing, row by row with
// what each row includes; beside a peer's call in the same run. SECONDS is the time for each row (3 unless told).
import { createSqliteGrantStore } from '@exoarmur/store-sqlite';
import { AgentMeshClient } from '@microsoft/agent-governance-sdk';
import { openBenchLog } from './audit-log.ts';
import { createRig, openMemoryLog, sandboxedHost } from './boundary-rig.ts';

const seconds = Number(process.argv[2] ?? 3);

interface Row {
  readonly name: string;
  readonly includes: string;
  readonly concurrency: number;
  readonly run: () => Promise<unknown>;
}

const mesh = AgentMeshClient.create('bench-agent', {
  capabilities: ['file.read'],
  policyRules: [{ action: 'file.read', effect: 'allow' }],
});
const rig = createRig({ log: openMemoryLog() });
const confined = await sandboxedHost();
const rows: readonly Row[] = [
  {
    name: 'decision alone',
    includes: 'facts, policies, safety gate; no record, no effect',
    concurrency: 1,
    run: rig.decide,
  },
  {
    name: 'in memory',
    includes: 'decision, 6 records in 2 commits, each under a signed checkpoint, grant; nothing survives the process',
    concurrency: 1,
    run: rig.execute,
  },
  {
    name: 'durable, one at a time',
    includes: 'the same in SQLite, synchronous FULL: one commit before the effect and one after it; grant in memory',
    concurrency: 1,
    run: createRig({ log: openBenchLog('boundary-one').log }).execute,
  },
  {
    name: 'durable, 256 at once',
    includes: 'the same, records of concurrent actions share commits',
    concurrency: 256,
    run: createRig({ log: openBenchLog('boundary-many').log }).execute,
  },
  {
    name: 'durable with durable grants, 256 at once',
    includes:
      'the same, and each grant is claimed in the same file, durable before the effect; claims that come together share a commit',
    concurrency: 256,
    run: (() => {
      const { log, store } = openBenchLog('boundary-grants');
      return createRig({ log, grants: createSqliteGrantStore(store, 'demo') }).execute;
    })(),
  },
  {
    name: 'with the child-process host, one at a time',
    includes:
      'the row in memory, and two confined processes one after the other, each with the digest of the code checked before it: ' +
      'one validates the target, one executes; no preview, because nobody is asked',
    concurrency: 1,
    run: createRig({ log: openMemoryLog(), host: confined }).execute,
  },
  {
    name: 'with the child-process host, 4 at once',
    includes: 'the same; the processor is what is waited for',
    concurrency: 4,
    run: createRig({ log: openMemoryLog(), host: confined }).execute,
  },
  {
    name: 'peer: executeWithGovernance',
    includes: 'one flat rule, trust score, a hash chain in memory; unsigned, not durable, no grant',
    concurrency: 1,
    run: () => mesh.executeWithGovernance('file.read', { limit: 10, columns: ['a', 'b'] }),
  },
];

for (const row of rows) {
  await measure(row, Math.min(seconds, 0.5));
  const { latencies, elapsedMs } = await measure(row, seconds);
  const at = (part: number) => `${Math.round((latencies[Math.floor(latencies.length * part)] ?? 0) * 1000)} us`;
  const rate = Math.round(latencies.length / (elapsedMs / 1000));
  process.stdout.write(
    `${row.name}: p50 ${at(0.5)}, p99 ${at(0.99)}, ${rate.toLocaleString('en')}/s\n  includes ${row.includes}\n`,
  );
}

async function measure({ run, concurrency }: Row, duration: number) {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + duration * 1000;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < end) {
        const from = performance.now();
        await run();
        latencies.push(performance.now() - from);
      }
    }),
  );
  return { latencies: latencies.sort((a, b) => a - b), elapsedMs: performance.now() - start };
}
