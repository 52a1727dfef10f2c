// node --conditions=@exoarmur/source bench/append-steps.ts [RECORDS]: where the time of one commit of RECORDS records goes (1 unless
// told), from the calls of the log to its store and its head file. Medians of each step by itself.
import type { LogHeadKeeper } from '@exoarmur/contracts';
import type { SqliteLogStore } from '@exoarmur/store-sqlite';
import { nextDraft, openBenchLog } from './audit-log.ts';

const records = Number(process.argv[2] ?? 1);
const rounds = Math.ceil(6000 / Math.sqrt(records));
const marks: [step: string, at: number][] = [];
const steps = new Map<string, number[]>();

const mark = (step: string) => marks.push([step, performance.now()]);
const note = (step: string, from: number, to: number) => {
  const times = steps.get(step);
  if (times === undefined) steps.set(step, [(to - from) * 1000]);
  else times.push((to - from) * 1000);
};

/** Has the time noted before and after a call, both of which belong to the thread that waits for the disk. */
function watch<Port extends object>(port: Port, names: readonly (keyof Port & string)[]): void {
  for (const name of names) {
    const call = port[name] as (...given: unknown[]) => Promise<unknown>;
    Object.assign(port, {
      [name]: (...given: unknown[]) => {
        mark(`to ${name}`);
        const answer = call.apply(port, given);
        mark(name);
        return answer;
      },
    });
  }
}

const { log, store, heads } = openBenchLog('steps');
watch<SqliteLogStore>(store, ['ready', 'lastOfStreams', 'commit']);
watch<LogHeadKeeper>(heads, ['advance']);
for (let round = 0; round < rounds; round++) {
  marks.length = 0;
  mark('begin');
  const receipts = Array.from({ length: records }, () => log.appendCell(nextDraft()));
  mark('drafts taken');
  await Promise.all(receipts);
  mark('to the answer');
  for (const [n, [step, at]] of marks.entries()) note(step, marks[n - 1]?.[1] ?? at, at);
  note('all of it', marks[0]?.[1] ?? 0, marks.at(-1)?.[1] ?? 0);
}
steps.delete('begin');
await log.close();
await store.close();
for (const [step, times] of steps) {
  const median = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
  process.stdout.write(
    `${step.padEnd(18)} ${median.toFixed(1).padStart(8)} us  in ${times.length} of ${rounds} commits\n`,
  );
}
