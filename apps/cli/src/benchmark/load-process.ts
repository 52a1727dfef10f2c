import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type LoadFindings, type LoadShare, mergeFindings } from './load-plan.ts';

/** What the first message tells a process. */
export interface LoadOrder {
  readonly shares: readonly LoadShare[];
  /** Module of the threads, as a `file:` URL. */
  readonly thread: string;
}

// A process of `benchmark --determinism-load`: starts its threads, lets them go at one signal, sends what they found.
const [order] = (await once(process, 'message')) as [LoadOrder];
const threads = order.shares.map((share) => new Worker(new URL(order.thread), { workerData: share }));
const unanswered = new Set(threads);
// A thread that ends before it answered never will. Its last message is handed on just before its end, so that is looked at later.
for (const thread of threads) {
  thread.once('exit', () => setImmediate(() => unanswered.has(thread) && process.exit(1)));
}
await Promise.all(threads.map((thread) => once(thread, 'message')));
send('ready');
await once(process, 'message');
const answers = threads.map(async (thread) => {
  const answer = once(thread, 'message') as Promise<[LoadFindings]>;
  thread.postMessage('go');
  const [findings] = await answer;
  unanswered.delete(thread);
  return findings;
});
send(mergeFindings(await Promise.all(answers)));
process.disconnect?.();

function send(message: unknown): void {
  process.send?.(message);
}
