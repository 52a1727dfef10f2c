import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ExoArmurError, type PolicyReplay } from '@exoarmur/contracts';
import { CEDAR_ENGINE } from '@exoarmur/policy';
import { createPolicyReport, type PolicyReplayPart } from '@exoarmur/replay/policy-change';
import type { PolicyQuestion, RangeAnswer } from './range-thread.ts';
import type { LogRange } from './recorded-decisions.ts';

const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const RANGE_THREAD = new URL(`./range-thread${EXTENSION}`, import.meta.url);

/** Ranges for each thread: enough that none waits long for the last. */
const RANGES_PER_THREAD = 8;

/** What to ask, of which part of the log, and with how much of the machine. */
export interface LogReplayOptions extends PolicyQuestion {
  readonly range: LogRange;
  readonly threads: number;
  readonly exemptUndecidable: boolean;
}

/**
 * Decides every recorded decision of a log again under a proposed policy set, on several threads. The report does not depend
 * on their number. @throws what a thread threw.
 */
export async function replayLog(options: LogReplayOptions): Promise<PolicyReplay> {
  const { range, threads, exemptUndecidable, path, policySet, review } = options;
  const question: PolicyQuestion = { path, policySet, ...(review === undefined ? {} : { review }) };
  const ranges = splitRange(range, threads * RANGES_PER_THREAD);
  const parts = new Array<PolicyReplayPart>(ranges.length);
  let next = 0;
  const drain = async (): Promise<void> => {
    const worker = new Worker(RANGE_THREAD, { workerData: question });
    try {
      while (next < ranges.length) {
        const index = next++;
        const answer = once(worker, 'message') as Promise<[RangeAnswer]>;
        worker.postMessage(ranges[index]);
        const [answered] = await answer;
        if ('code' in answered) throw new ExoArmurError(answered.code, answered.message);
        parts[index] = answered.part;
      }
    } finally {
      worker.postMessage(null);
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, ranges.length) }, drain));
  return createPolicyReport(parts, {
    engine: CEDAR_ENGINE,
    exemptUndecidable,
    ...(review === undefined ? {} : { review }),
  });
}

/** Ranges side by side that together are the whole one; at least one, which may be empty. */
export function splitRange(range: LogRange, count: number): LogRange[] {
  const { from, to } = range;
  const size = Math.max(1, Math.ceil((to - from) / count));
  const starts = Array.from({ length: Math.max(1, Math.ceil((to - from) / size)) }, (_, index) => from + index * size);
  return starts.map((start) => ({ ...range, from: start, to: Math.min(to, start + size) }));
}
