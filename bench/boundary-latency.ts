// node bench/boundary-latency.ts [SECONDS]: what one governed action costs with an executor that does nothing, row by row with
// what each row includes; beside a peer's call in the same run. SECONDS is the time for each row (3 unless told).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileGrantStore } from '@exoarmur/boundary-v2/node';
import { AgentMeshClient } from '@microsoft/agent-governance-sdk';
import { openBenchLog } from './audit-log.ts';
import { createRig, openMemoryLog } from './boundary-rig.ts';

const seconds = Number(process.argv[2] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'exoarmur-bench-boundary-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

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
const rows: readonly Row[] = [
  {
    name: 'in memory',
    includes:
      'decision, 6 records, each hashed, sealed and under a signed checkpoint, grant; nothing survives the process',
    concurrency: 1,
    run: createRig({ log: openMemoryLog() }),
  },
  {
    name: 'durable, one at a time',
    includes: 'the same in SQLite, synchronous FULL: each of the 6 records is on disk before the next; grant in memory',
    concurrency: 1,
    run: createRig({ log: openBenchLog('boundary-one').log }),
  },
  {
    name: 'durable, 256 at once',
    includes: 'the same, records of concurrent actions share commits',
    concurrency: 256,
    run: createRig({ log: openBenchLog('boundary-many').log }),
  },
  {
    name: 'durable with durable grants, 256 at once',
    includes: 'the same, and each grant is a file of its own, made durable before the effect',
    concurrency: 256,
    run: createRig({ log: openBenchLog('boundary-grants').log, grants: createFileGrantStore(join(folder, 'grants')) }),
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
