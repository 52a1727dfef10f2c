// node bench/audit-scale.ts [RECORDS], after `npm run build`: what grows with the log, and what must not. Rate and latency by
// concurrency, then memory, fsck and the size of a proof while the log grows to RECORDS (1,000,000 unless told).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nextDraft, openBenchLog } from './audit-log.ts';
import { bareLoop } from './bare-loop.ts';

const total = Number(process.argv[2] ?? 1_000_000);
const say = (text: string) => process.stdout.write(`${text}\n`);
/** Processor time of this process so far in microseconds, all its threads and the kernel's work for it. */
const processorUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const megabytes = () => Math.round(process.memoryUsage().rss / 1e6);

for (const concurrency of [1, 16, 256]) {
  const { log } = openBenchLog(`latency-${concurrency}`);
  const records = concurrency === 1 ? 2000 : 40_000;
  const latencies: number[] = [];
  let begun = 0;
  const fromUs = processorUs();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (begun++ < records) {
        const from = performance.now();
        await log.appendCell(nextDraft());
        latencies.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const ours = ((processorUs() - fromUs) / records).toFixed(1);
  const bare = bareLoop(`bare-${concurrency}`);
  const bareFromUs = processorUs();
  for (let done = 0; done < records; done += concurrency) bare(concurrency);
  const bares = ((processorUs() - bareFromUs) / records).toFixed(1);
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor(latencies.length * part)]?.toFixed(2);
  say(`concurrency ${concurrency}: ${Math.round(records / seconds)}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  say(`  processor time ${ours} us a record, of a bare loop over the same rows ${bares} us`);
}

const { log, store, path } = openBenchLog('scale');
const start = performance.now();
for (let size = 0; size < total; size += 1000) {
  await Promise.all(Array.from({ length: 1000 }, () => log.appendCell(nextDraft())));
  if ((size + 1000) % (total / 10) === 0) {
    const rate = Math.round((size + 1000) / ((performance.now() - start) / 1000));
    const proof = await log.prove(Math.floor(size / 2));
    say(`${size + 1000} records: ${rate}/s, ${megabytes()} MB resident, proof of one record ${proof.length} bytes`);
  }
}
await log.close();
await store.close();

for (const threads of [1, availableParallelism()]) {
  const from = performance.now();
  const { outcome, peak } = await fsck(threads);
  const rate = Math.round(total / ((performance.now() - from) / 1000));
  say(`log fsck on ${threads} thread${threads === 1 ? '' : 's'}: ${outcome}, ${rate} records/s, ${peak}`);
}

/** The built command as a person calls it, in a process of its own. */
async function fsck(threads: number): Promise<{ readonly outcome: string; readonly peak: string }> {
  const cli = fileURLToPath(new URL('../apps/cli/dist/main.js', import.meta.url));
  const args = ['log', 'fsck', '--db', path, '--vkey', log.vkey, '--threads', String(threads), '--json'];
  const child = spawn(process.execPath, [cli, ...args]);
  let out = '';
  let peak = 'memory not known';
  child.stdout.on('data', (bytes) => (out += bytes));
  // Linux keeps the greatest resident size of a process; elsewhere nothing is said.
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = `${Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1000)} MB resident at most`;
    } catch {
      // Gone already, or no such file system.
    }
  }, 100);
  await once(child, 'close');
  clearInterval(watch);
  return { outcome: (JSON.parse(out) as { outcome: string }).outcome, peak };
}
