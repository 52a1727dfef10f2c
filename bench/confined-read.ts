// node bench/confined-read.ts [COUNT]: one governed read of a small file by the shipped filesystem executor: in the process of the
// boundary, in a process of its own for each question, and in one that was started ahead. COUNT actions each (40 unless told), with a pause
// between them in which the next processes start.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createTrustedHost } from '@exoarmur/boundary-v2';
import { createFilesystemExecutor, describeFilesystemExecutor } from '@exoarmur/executors';
import { createSandboxedHost, digestCode } from '@exoarmur/sandbox';
import { createRig, openMemoryLog } from './boundary-rig.ts';

const count = Number(process.argv[2] ?? 40);
const PAUSE_MS = 750;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-bench-')));
writeFileSync(join(folder, 'report.csv'), 'name,amount\n'.repeat(100));
const options = { roots: [{ logical: '/srv/reports', real: folder, operations: ['read'] as const }] };
const described = describeFilesystemExecutor(options);
const code = { ...described.code, digest: digestCode(described.code) };
const confined = (prepared: number) =>
  createSandboxedHost({ ...described, code, prepared, acceptsUnrestrictedNetwork: true });
const ahead = await confined(1);

for (const [name, host] of [
  [
    'in the process of the boundary',
    createTrustedHost({ executor: createFilesystemExecutor(options), targetTimeoutMs: 5000, executionTimeoutMs: 5000 }),
  ],
  ['in a process of its own for each question', await confined(0)],
  ['in a process that was started ahead', ahead],
] as const) {
  const { execute } = createRig({ log: openMemoryLog(), host, target: '/srv/reports/report.csv' });
  const latencies: number[] = [];
  for (let turn = -3; turn < count; turn++) {
    await pause(PAUSE_MS);
    const from = performance.now();
    await execute();
    if (turn >= 0) latencies.push(performance.now() - from);
  }
  latencies.sort((a, b) => a - b);
  const at = (part: number) => `${(latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(1)} ms`;
  process.stdout.write(`a governed read ${name}: p50 ${at(0.5)}, p90 ${at(0.9)}\n`);
}
ahead.close();
rmSync(folder, { recursive: true });
