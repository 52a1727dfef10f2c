// node bench/replay-scale.ts [DECISIONS]: trails of the ancestor's events of 10^3 to 10^6, each in a process of its own with
// its memory, streamed and held; then `exoarmur replay --policy` over a log of DECISIONS (1,000,000 unless told) on two threads.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROPOSED_POLICIES, RECORDED_POLICIES, writeRecordedLog } from './recorded-log.ts';

const total = Number(process.argv[2] ?? 1_000_000);
const say = (text: string) => process.stdout.write(`${text}\n`);
const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));

for (const kind of ['streamed', 'held']) {
  for (const events of [1_000, 10_000, 100_000, 1_000_000]) {
    const args = [...process.execArgv, beside('replay-trail.ts'), String(events), kind];
    const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
    say(run.stdout.trim() || `trail of ${events} events failed: ${run.stderr}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'exoarmur-replay-scale-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const begun = performance.now();
const log = await writeRecordedLog('recorded', total);
say(`log of ${total} decisions written in ${seconds(begun)} s`);
for (const [name, policySet] of [
  ['the recorded policies', RECORDED_POLICIES],
  ['a proposed change', PROPOSED_POLICIES],
] as const) {
  const policy = join(folder, 'policy.json');
  writeFileSync(policy, JSON.stringify(policySet));
  const args = ['replay', '--policy', policy, '--log', log, '--threads', '2'];
  const start = performance.now();
  const spent = childSeconds();
  const run = spawnSync(process.execPath, [beside('../apps/cli/dist/main.js'), ...args], { encoding: 'utf8' });
  const [verdict = run.stderr, counts = ''] = run.stdout.split('\n');
  const rate = Math.round(total / ((performance.now() - start) / 1000));
  say(
    `under ${name}: ${seconds(start)} s, ${rate} decisions/s on 2 threads, ${(childSeconds() - spent).toFixed(0)} s of processor time; exit ${run.status}`,
  );
  say(`  ${verdict.slice(0, 100)}\n${counts}`);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}

/** Processor time of the processes that were waited for, in seconds; 0 where the system does not say. */
function childSeconds(): number {
  if (!existsSync('/proc/self/stat')) return 0;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
