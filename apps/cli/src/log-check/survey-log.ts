import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LogRange, RangeSurvey } from '@exoarmur/audit/inspection';
import { ExoArmurError } from '@exoarmur/contracts';
import type { SurveyAnswer, SurveyTask } from './survey-thread.ts';

const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const SURVEY_THREAD = new URL(`./survey-thread${EXTENSION}`, import.meta.url);

/**
 * Surveys parts of a log in a SQLite file on several threads; answers in order, each thread one part ahead at most.
 * @throws what a thread threw.
 */
export async function* surveyLog(
  task: SurveyTask,
  ranges: readonly LogRange[],
  threads: number,
): AsyncGenerator<RangeSurvey | null> {
  const workers = Array.from(
    { length: Math.min(threads, ranges.length) },
    () => new Worker(SURVEY_THREAD, { workerData: task }),
  );
  const asked = workers.map((worker, turn) => ask(worker, ranges[turn] as LogRange));
  try {
    for (let index = 0; index < ranges.length; index++) {
      const turn = index % workers.length;
      const answer = await (asked[turn] as Promise<SurveyAnswer>);
      const next = ranges[index + workers.length];
      if (next !== undefined) asked[turn] = ask(workers[turn] as Worker, next);
      if ('code' in answer) throw new ExoArmurError(answer.code, answer.message);
      yield answer.survey;
    }
  } finally {
    // Nobody waits any more for what is still on its way.
    for (const answer of asked) answer.catch(() => undefined);
    for (const worker of workers) worker.postMessage(null);
  }
}

async function ask(worker: Worker, range: LogRange): Promise<SurveyAnswer> {
  const answer = once(worker, 'message') as Promise<[SurveyAnswer]>;
  worker.postMessage(range);
  return (await answer)[0];
}
